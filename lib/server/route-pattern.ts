import { Hono } from 'hono';
import { METHOD_NAME_ALL } from 'hono/router';
import type { App } from '../config/server-config.ts';
import { isHono } from './http/app.ts';

/**
 * Finds the pattern of the route that answers a request, by its method, its path without the query, and its host.
 *
 * `undefined` when there is none. There are as many patterns as an app has routes, whatever is asked for.
 */
export type FindRoute = (method: string, path: string, host?: string) => string | undefined;

type Handler = Hono['routes'][number]['handler'];

/** One function answers everything. */
const everything: FindRoute = () => '*';

/** The way from a URL to a path that apps are born with: a path without escapes is what it says. */
const PLAIN_PATHS: unknown = new Hono().getPath;

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

const COMPOSED = '__COMPOSED_HANDLER';

/** What an app that was mounted in another one had for a handler, before it was wrapped in that app's error handler. */
const unwrapped = (handler: Handler): Handler => {
  const inner: unknown = Reflect.get(handler, COMPOSED);
  return isHandler(inner) ? unwrapped(inner) : handler;
};

/** As `hono/dev` tells them apart: what calls the next one takes a second argument. */
const isMiddleware = (handler: Handler): boolean => unwrapped(handler).length > 1;

/** Surrounds everything: that it matched says nothing. */
const isEverywhere = (path: string): boolean => path === '*' || path === '/*';

const pathIn = (app: Hono, path: string, host: string): string =>
  app.getPath === PLAIN_PATHS && !path.includes('%')
    ? path
    : app.getPath(new Request(`http://${host}${path}`, { headers: { host } }));

/**
 * The pattern of the first handler that is no middleware: nothing behind it is asked. Of what `use` put around
 * everything nobody can tell, so it counts when nothing else does; then the last middleware that is not everywhere.
 */
const answeringHandler =
  (app: Hono): FindRoute =>
  (method, path, host = 'localhost') => {
    // Hono answers HEAD as GET.
    const [matches] = app.router.match(method === 'HEAD' ? 'GET' : method, pathIn(app, path, host));
    let around: string | undefined;
    let nearest: string | undefined;
    for (const [[handler, { path: pattern, method: registered }]] of matches) {
      if (isMiddleware(handler)) {
        if (!isEverywhere(pattern)) nearest = pattern;
      } else if (isEverywhere(pattern) && registered === METHOD_NAME_ALL) around ??= pattern;
      else return pattern;
    }
    return around ?? nearest;
  };

/** A look-up must not fail a request: a path that an app cannot read has no route there. */
const sound =
  (find: FindRoute): FindRoute =>
  (method, path, host) => {
    try {
      return find(method, path, host);
    } catch {
      return undefined;
    }
  };

/** The routes of an app. */
export const routesOfApp = (app: App): FindRoute => (isHono(app) ? sound(answeringHandler(app)) : everything);

/**
 * The routes of a config, the first of which answers.
 *
 * @param answers - by handler, the pattern of its route, or who knows more of it.
 */
export const routesOfConfig = (app: Hono, answers: ReadonlyMap<unknown, string | FindRoute>): FindRoute =>
  sound((method, path, host = 'localhost') => {
    const [matches] = app.router.match(method === 'HEAD' ? 'GET' : method, pathIn(app, path, host));
    for (const [[handler]] of matches) {
      const answer = answers.get(handler);
      if (answer !== undefined) return typeof answer === 'string' ? answer : answer(method, path, host);
    }
    return undefined;
  });
