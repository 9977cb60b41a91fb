import type { MiddlewareHandler } from 'hono';
import type { StateGuardConfig } from '../config/middleware-config.ts';
import { GUARD_RETRY_MS, GUARD_STATES } from '../config/middleware-defaults.ts';
import { type Stateful, stateOf } from './cluster-state.ts';

/** Whether a path is one of those, or below one that ends with an asterisk. */
const pathTest = (patterns: readonly string[]): ((path: string) => boolean) => {
  const exact = new Set(patterns);
  const starts = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (path) => exact.has(path) || starts.some((start) => path.startsWith(start));
};

/**
 * Middleware that answers 503 with `Retry-After` while the cluster is in no state to serve.
 *
 * It lets requests through while the cluster is `Running` or `Reloading`: a cluster that reloads goes on serving what
 * it served, and a guard that refused then would make every change cost requests.
 *
 * @param cluster - a cluster, anything else with a `state$` that begins with the present state, or a function.
 * @param config - `allow` are paths that are always let through, such as probes: whole ones, or beginnings that end with
 *   an asterisk. `states` are the states in which everything is let through. `retryAfterMs` is when clients may come
 *   again: 1 000 by default, sent in whole seconds.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { createCluster, stateGuard } from 'sluice';
 *
 * const cluster = createCluster();
 * const app = new Hono();
 * app.use(stateGuard(cluster, { allow: ['/livez'] }));
 * app.get('*', (c) => c.text('hello'));
 *
 * console.log((await app.request('/')).status); // 503
 * console.log((await app.request('/livez')).status); // 200
 * ```
 */
export const stateGuard = (
  cluster: Stateful | (() => string),
  { allow = [], states = GUARD_STATES, retryAfterMs = GUARD_RETRY_MS }: StateGuardConfig = {},
): MiddlewareHandler => {
  const state = stateOf(cluster);
  const serving = new Set(states);
  const isAllowed = pathTest(allow);
  const headers = { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
  return async (c, next) => {
    const passes = serving.has(state()) || isAllowed(c.req.path);
    return passes ? next() : c.text('Service Unavailable', 503, headers);
  };
};
