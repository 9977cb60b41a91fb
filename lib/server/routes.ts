import { type Handler, Hono } from 'hono';
import type { RespondConfig, Route } from '../config/server-config.ts';
import { allThere, type Soon, whenThere } from '../reactive/soon.ts';
import { NoResponseError } from './errors.ts';
import { isResponse } from './http/result.ts';
import { buildProxy } from './proxy/proxy.ts';
import type { RouteAnswer, RouteSite } from './route.ts';

/** A handler that returns nothing is a mistake in a route, not a page that does not exist. */
const answering =
  (handler: Handler): Handler =>
  (c, next) => {
    const check = (result: unknown): Response => {
      if (isResponse(result)) return result;
      if (c.finalized) return c.res;
      throw new NoResponseError();
    };
    const result: unknown = handler(c, next);
    return result instanceof Promise ? result.then(check) : check(result);
  };

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
  if ('proxy' in route) return buildProxy(route.proxy, site);
  return { handler: responding(route.respond) };
};

/** Builds the app that answers with the first route that matches. */
export const buildRoutes = (routes: readonly Route[], site: RouteSite): Soon<Hono> =>
  whenThere(allThere(routes.map((route) => answerOf(route, site))), (answers) => {
    const app = new Hono();
    for (const [index, route] of routes.entries()) {
      const answer = answers[index];
      const methods = [...(route.methods ?? ['ALL'])];
      if (answer === undefined) continue;
      for (const handler of [...(route.middleware ?? []), answer.handler]) app.on(methods, [route.path], handler);
    }
    return app;
  });
