import type { Context } from 'hono';

/**
 * Changes the headers of the answer that a context holds by now.
 *
 * Those of a fetched response cannot be changed; it is replaced by one whose headers can. Hono's own setter would put
 * the headers of the old one back.
 *
 * @param change - must fail at once, or not at all: it is called again after a failure.
 */
export const changeResponseHeaders = (c: Context, change: (headers: Headers) => void): void => {
  try {
    change(c.res.headers);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const response = new Response(c.res.body, c.res);
    c.res = undefined;
    c.res = response;
    change(response.headers);
  }
};

/** Sees to it that whoever changes the headers of the answer in place can, as most middleware of Hono's does. */
export const ownResponseHeaders = (c: Context): void =>
  // That it is not there does not matter: where headers cannot be changed this fails as well.
  changeResponseHeaders(c, (headers) => headers.delete('x-none'));
