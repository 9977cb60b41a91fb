import type { Handler } from 'hono';
import { NoResponseError } from './errors.ts';
import { isResponse } from './http/result.ts';

/** A handler that returns nothing is a mistake in a route, not a page that does not exist. */
export const answering =
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
