/** The header by which `@hono/node-server` knows that a response is none: its sender has written to Node's own. */
const ALREADY_SENT = 'x-hono-already-sent';

/**
 * What a handler returns that answers through Node's response itself.
 *
 * What is asked of it on the way to the adapter is answered by members of its own: Node's `Response` and `Headers` look
 * twice at whoever asks, each time.
 */
export const alreadySent = (): Response => {
  const response = new Response(null, { headers: { [ALREADY_SENT]: 'true' } });
  const headers = new Headers({ [ALREADY_SENT]: 'true' });
  const entries: readonly (readonly [string, string])[] = [[ALREADY_SENT, 'true']];
  Object.defineProperties(headers, {
    has: { value: (name: string) => name.toLowerCase() === ALREADY_SENT },
    [Symbol.iterator]: { value: () => entries.values() },
  });
  // Read before it is returned: a light response would be sent without a look at its headers.
  if (response.body !== null) throw new TypeError('a response of nothing has a body');
  return Object.defineProperties(response, {
    status: { value: 200 },
    headers: { value: headers },
    body: { value: null },
  });
};
