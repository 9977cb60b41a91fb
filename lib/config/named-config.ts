import type { MiddlewareConfig } from './middleware-config.ts';
import type { Route, ServerConfig } from './server-config.ts';

/** Middleware, by its name or that of the code it is. */
type NamedMiddleware = readonly (MiddlewareConfig | string)[];

/** Gives the members of each of several types instead of those that all have. */
type WithNames<One> = One extends { readonly handler: unknown }
  ? Omit<One, 'handler' | 'middleware'> & { readonly handler: string; readonly middleware?: NamedMiddleware }
  : One extends { readonly upgrade: unknown }
    ? never
    : Omit<One, 'middleware'> & { readonly middleware?: NamedMiddleware };

/** A route that is data: code is named by the path of its module, or by a name that whoever runs it knows. */
export type NamedRoute = WithNames<Route>;

/** A server that is data: code is named by the path of its module, or by a name that whoever runs it knows. */
export interface NamedServerConfig extends Omit<ServerConfig, 'app' | 'routes' | 'middleware' | 'upgrade'> {
  /** `'./app.ts'`, `'./app.ts#name'`, or a name. */
  readonly app?: string;
  readonly routes?: readonly NamedRoute[];
  readonly middleware?: NamedMiddleware;
}

/** The desired servers by id, as data; `null` stands for one that is not there. */
export type NamedClusterConfig = Readonly<Record<string, NamedServerConfig | null>>;
