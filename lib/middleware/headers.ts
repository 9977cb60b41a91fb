import type { Context, MiddlewareHandler } from 'hono';
import type { HeaderChanges, HeadersConfig } from '../config/middleware-config.ts';
import { changeResponseHeaders } from './response-headers.ts';

/** Refuses names and values that no header can have, when the middleware is made and not with the first request. */
const checked = (changes: HeaderChanges | undefined): HeaderChanges | undefined => {
  if (changes !== undefined) apply(changes, new Headers());
  return changes;
};

const apply = ({ remove = [], set = {}, add = {} }: HeaderChanges, headers: Headers): void => {
  for (const name of remove) headers.delete(name);
  for (const [name, value] of Object.entries(set)) headers.set(name, value);
  for (const [name, values] of Object.entries(add)) {
    for (const value of typeof values === 'string' ? [values] : values) headers.append(name, value);
  }
};

/** Nobody else sees the headers of a request: they were read for it alone. Only those of a test's may be immutable. */
const changeRequest = (c: Context, changes: HeaderChanges): void => {
  const { raw } = c.req;
  try {
    apply(changes, raw.headers);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const headers = new Headers(raw.headers);
    apply(changes, headers);
    c.req.raw = new Request(raw, { headers });
  }
};

/**
 * Middleware that changes headers: those of the request before the handler sees it, those of the response after the
 * handler made it.
 *
 * On either side the order is remove, set, add, whatever the order in which they are written. Names are not case
 * sensitive; `set` replaces every value of a header, `add` keeps those that are there, so that several `Set-Cookie`
 * stay several.
 *
 * @throws TypeError when a name or a value cannot stand in a header; line breaks cannot.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { headers } from 'sluice';
 *
 * const app = new Hono();
 * app.use(headers({ request: { set: { 'x-tenant': 'a' } }, response: { remove: ['x-powered-by'] } }));
 * app.get('/', (c) => c.text(`tenant ${c.req.header('x-tenant')}`, 200, { 'x-powered-by': 'guesswork' }));
 *
 * const response = await app.request('/');
 * console.log(await response.text()); // tenant a
 * console.log(response.headers.get('x-powered-by')); // null
 * ```
 */
export const headers = ({ request, response }: HeadersConfig): MiddlewareHandler => {
  checked(request);
  checked(response);
  return async (c, next) => {
    if (request !== undefined) changeRequest(c, request);
    await next();
    if (response !== undefined) changeResponseHeaders(c, (found) => apply(response, found));
  };
};
