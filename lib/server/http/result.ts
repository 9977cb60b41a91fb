/**
 * Whether a handler returned a response.
 *
 * Not by `instanceof` alone: `@hono/node-server` replaces the global `Response`, and what `fetch` returns is none of
 * those; a response of another copy of undici is none of either.
 */
export const isResponse = (value: unknown): value is Response =>
  value instanceof Response ||
  (typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    'headers' in value &&
    typeof value.headers === 'object' &&
    value.headers !== null &&
    'getSetCookie' in value.headers);

export const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
