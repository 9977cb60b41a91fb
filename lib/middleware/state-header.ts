import type { MiddlewareHandler } from 'hono';
import type { StateHeaderConfig } from '../config/middleware-config.ts';
import { STATE_HEADER } from '../config/middleware-defaults.ts';
import { type Stateful, stateOf } from './cluster-state.ts';
import { changeResponseHeaders } from './response-headers.ts';

/**
 * Middleware that tells clients the state of the cluster in a header of every response.
 *
 * The state is the one at the time the response was made. A load balancer that reads it can turn away from a cluster
 * that is `Stopping` before its connections say so.
 *
 * @param cluster - a cluster, anything else with a `state$` that begins with the present state, or a function.
 * @param config - `headerName`, `x-server-state` by default.
 */
export const stateHeader = (
  cluster: Stateful | (() => string),
  { headerName = STATE_HEADER }: StateHeaderConfig = {},
): MiddlewareHandler => {
  const state = stateOf(cluster);
  // Refuses what cannot be the name of a header now, instead of with every request.
  new Headers().set(headerName, 'New');
  return async (c, next) => {
    await next();
    changeResponseHeaders(c, (headers) => headers.set(headerName, state()));
  };
};
