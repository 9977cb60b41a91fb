import type { Handler } from 'hono';
import type { Logger } from '../log/logger.ts';
import type { Soon } from '../reactive/soon.ts';
import type { Direct } from './direct.ts';
import type { Targets } from './proxy/targets.ts';
import type { FindRoute } from './route-pattern.ts';

/** Where a route is built. */
export interface RouteSite {
  /** The id of the server. */
  readonly server: string;
  readonly logger: Logger;
  /** The directory that relative paths in a config start from. */
  readonly baseDir: string;
  /** Milliseconds after which nobody waits for what is built any more; whoever loads something can say sooner what. */
  readonly deadlineMs?: number;
  /** The targets that requests are passed on to, shared by all servers of a cluster; without it each route has its own. */
  readonly targets?: Targets;
  /** The state of the cluster whenever it is asked; a server without a cluster is `Running`. */
  readonly state?: () => string;
}

/** What answers a route. */
export interface RouteAnswer {
  readonly handler: Handler;
  /** Answers in its place where nothing surrounds it, and there is no body. */
  readonly direct?: Direct;
  /** Knows the routes that are behind this one. */
  readonly route?: FindRoute;
}

/** Makes what answers a route of one kind. Throws, or errors, when it cannot: the config is refused then. */
export type RouteBuilder<Config> = (config: Config, site: RouteSite) => Soon<RouteAnswer>;
