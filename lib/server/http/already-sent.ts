/** The header by which `@hono/node-server` knows that a response is none: its sender has written to Node's own. */
const ALREADY_SENT = 'x-hono-already-sent';

/**
 * What a handler returns that answers through Node's response itself.
 *
 * Read once before it is returned: a light response would be sent without a look at its headers.
 */
export const alreadySent = (): Response => {
  const response = new Response(null, { headers: { [ALREADY_SENT]: 'true' } });
  if (response.body !== null) throw new TypeError('a response of nothing has a body');
  return response;
};
