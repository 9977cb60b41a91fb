import { type Handler, Hono } from 'hono';
import { proxySettingsOf } from '../config/proxy-config.ts';
import type { RespondConfig, Route, ServerConfig } from '../config/server-config.ts';
import { isCors, type MiddlewareSite, middlewareOf } from '../middleware/middleware.ts';
import { allThere, type Soon, whenThere } from '../reactive/soon.ts';
import { answering } from './answering.ts';
import { type Direct, type DirectDispatch, dispatchDirectly } from './direct.ts';
import { filesRoute } from './files/files.ts';
import { moduleRoute } from './module-route.ts';
import { buildProxy } from './proxy/proxy.ts';
import { redirectRoute } from './redirect.ts';
import type { RouteAnswer, RouteSite } from './route.ts';
import { type FindRoute, routesOfConfig } from './route-pattern.ts';
import { upgradeRoute } from './upgrade-route.ts';

const responding = ({ status = 200, headers, body, json }: RespondConfig): Handler => {
  const text = json === undefined ? body : JSON.stringify(json);
  const type = json === undefined ? 'text/plain; charset=UTF-8' : 'application/json';
  const given = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
  const init = { status, headers: given || text === undefined ? { ...headers } : { 'content-type': type, ...headers } };
  return () => new Response(text ?? null, init);
};

/** What answers a route, by its kind. */
const answerOf = (route: Route, site: RouteSite): Soon<RouteAnswer> => {
  if ('handler' in route) return { handler: answering(route.handler) };
  if ('upgrade' in route) return { handler: upgradeRoute(route.upgrade) };
  if ('module' in route) return moduleRoute(route, site);
  if ('redirect' in route) return redirectRoute(route, site);
  if ('files' in route) return filesRoute(route, site);
  if ('proxy' in route) return buildProxy(route.proxy, site);
  return { handler: responding(route.respond) };
};

/** Whether one of them takes over connections that ask for another protocol. */
export const canUpgrade = (routes: readonly Route[]): boolean =>
  routes.some((route) => 'upgrade' in route || ('proxy' in route && proxySettingsOf(route.proxy).websocket));

/** Who asks for leave to send a request of another site asks with this method. */
const PREFLIGHT = 'OPTIONS';

/** Puts middleware in front of a route; CORS also where the route itself does not answer. */
const surround = (app: Hono, { middleware = [], methods = ['ALL'], path }: Route, site: MiddlewareSite): void => {
  for (const config of middleware) {
    const made = middlewareOf(config, site);
    const also = isCors(config) && !methods.includes('ALL') && !methods.includes(PREFLIGHT) ? [PREFLIGHT] : [];
    app.on([...methods, ...also], [path], made);
  }
};

/** An app, what answers in its place where that is the same, and which of the routes that was. */
export interface BuiltRoutes {
  readonly app: Hono;
  readonly direct: DirectDispatch | undefined;
  readonly route: FindRoute;
}

/**
 * Builds the app that answers with the first route that matches.
 *
 * @param middleware - surrounds all of them.
 */
export const buildRoutes = (
  routes: readonly Route[],
  middleware: ServerConfig['middleware'],
  { state = () => 'Running', ...site }: RouteSite,
): Soon<BuiltRoutes> =>
  whenThere(allThere(routes.map((route) => answerOf(route, site))), (answers) => {
    const app = new Hono();
    const surroundings = { logger: site.logger, state };
    for (const config of middleware ?? []) app.use(middlewareOf(config, surroundings));
    const directs = new Map<unknown, Direct>();
    const patterns = new Map<unknown, string | FindRoute>();
    for (const [index, route] of routes.entries()) {
      const answer = answers[index];
      const methods = [...(route.methods ?? ['ALL'])];
      if (answer === undefined) continue;
      surround(app, route, surroundings);
      app.on(methods, [route.path], answer.handler);
      patterns.set(answer.handler, answer.route ?? route.path);
      if (answer.direct !== undefined) directs.set(answer.handler, answer.direct);
    }
    return {
      app,
      direct: directs.size === 0 ? undefined : dispatchDirectly(app, directs),
      route: routesOfConfig(app, patterns),
    };
  });
