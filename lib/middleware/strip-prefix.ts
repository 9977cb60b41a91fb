import type { MiddlewareHandler } from 'hono';

/** `api`, `/api` and `/api/` are the same prefix: `/api`. None at all is the empty text. */
const normalised = (prefix: string): string => {
  const inner = prefix.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `/${inner}`;
};

/** What is left of a path without its start, with the slash in front; `undefined` when it does not start so. */
const below = (start: string, path: string): string | undefined => {
  if (path === start) return '/';
  return path.startsWith(`${start}/`) ? path.slice(start.length) : undefined;
};

/**
 * Middleware that takes a prefix off the path: what is behind it sees `/api/users/1` as `/users/1`.
 *
 * Requests whose path is neither the prefix nor below it get a 404. What is left begins with a slash, because a URL
 * cannot hold a path that does not; of the prefix alone `/` is left. Query, method, headers and body stay. What is in
 * front of it, such as an access log, sees the path as it came.
 *
 * @param prefix - with or without slashes around it; the empty text takes nothing off.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { stripPrefix } from 'sluice';
 *
 * const app = new Hono().get('/api/*', stripPrefix('/api'), (c) => c.text(`${c.req.path} ${c.req.query('q')}`));
 *
 * console.log(await (await app.request('/api/users/1?q=x')).text()); // /users/1 x
 * ```
 */
export const stripPrefix = (prefix: string): MiddlewareHandler => {
  const start = normalised(prefix);
  return async (c, next) => {
    const { raw, path } = c.req;
    if (start === '') return next();
    // Hono's path has most of its escapes undone; what is left of the URL must be what is left of both.
    const { origin, pathname, search } = new URL(raw.url);
    const rest = below(start, path);
    const restOfUrl = below(start, pathname);
    if (rest === undefined || restOfUrl === undefined) return c.notFound();
    c.req.raw = new Request(`${origin}${restOfUrl}${search}`, raw);
    c.req.path = rest;
    try {
      await next();
    } finally {
      c.req.raw = raw;
      c.req.path = path;
    }
  };
};
