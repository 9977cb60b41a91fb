import { isCallable } from '../config/callable.ts';
import type { App, FetchFunction, HandlerRoute } from '../config/server-config.ts';
import { readyApp } from '../server/ready-app.ts';
import { PoolError } from './errors.ts';
import type { PoolHandler } from './pool-server.ts';

/** What stands in the config of a server that has nothing of its own to answer with. */
export interface Stand {
  readonly app: FetchFunction;
  /** The same as a route, for servers with middleware of their own. */
  readonly handler: HandlerRoute['handler'];
}

const isApp = (value: unknown): value is App => {
  if (typeof value === 'function') return isCallable(value);
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function';
};

const HINT = "give a Hono app, an object with fetch, a fetch function, or several of them by key ('' is the default)";

const appsOf = (handler: PoolHandler | undefined): ReadonlyMap<string, FetchFunction> => {
  if (handler === undefined) return new Map();
  if (isApp(handler)) return new Map([['', readyApp(handler)]]);
  if (typeof handler !== 'object' || handler === null) {
    throw new PoolError('ERR_POOL_HANDLER', 'the handler of a pool is nothing that answers requests', { hint: HINT });
  }
  const apps = new Map<string, FetchFunction>();
  for (const [key, app] of Object.entries(handler)) {
    if (!isApp(app)) {
      throw new PoolError('ERR_POOL_HANDLER', `handler '${key}' is nothing that answers requests`, { hint: HINT });
    }
    apps.set(key, readyApp(app));
  }
  return apps;
};

/**
 * The handlers that the servers of a pool share.
 *
 * Servers are built with a stand-in that looks up who answers at each request: exchanging a handler touches no server.
 */
export class SharedHandlers {
  #given: PoolHandler | undefined;
  #apps: ReadonlyMap<string, FetchFunction>;
  readonly #stands = new Map<string, Stand>();

  /** Throws a `PoolError` (`ERR_POOL_HANDLER`) for what cannot answer. */
  constructor(handler: PoolHandler | undefined) {
    this.#apps = appsOf(handler);
    this.#given = handler;
  }

  get given(): PoolHandler | undefined {
    return this.#given;
  }

  /** The keys of those there are. */
  get keys(): readonly string[] {
    return [...this.#apps.keys()];
  }

  /** The next request is answered by these. Throws a `PoolError` (`ERR_POOL_HANDLER`), and nothing has changed then. */
  exchange(handler: PoolHandler | undefined): void {
    this.#apps = appsOf(handler);
    this.#given = handler;
  }

  /** Who stands in for the handler of this key; always the same, so that equal configs stay equal. */
  at(key: string): Stand {
    const known = this.#stands.get(key);
    if (known !== undefined) return known;
    const app: FetchFunction = (request, env) => this.#find(key)(request, env);
    const stand: Stand = { app, handler: (c) => app(c.req.raw, c.env) };
    this.#stands.set(key, stand);
    return stand;
  }

  #find(key: string): FetchFunction {
    const app = this.#apps.get(key);
    if (app !== undefined) return app;
    const message = key === '' ? 'the pool has no handler' : `the pool has no handler '${key}'`;
    const error = new PoolError('ERR_POOL_HANDLER', message, {
      hint: "give the server 'app' or 'routes', or the pool a handler",
    });
    // It is logged for every request, and how a request got here helps nobody.
    error.stack = `${error.name}: ${error.message}`;
    throw error;
  }
}
