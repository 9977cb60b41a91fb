import type { Answer } from './answer.ts';
import { BODILESS } from './bodiless.ts';
import { pumped } from './pump.ts';

/** A way past the sender. */
export interface Past {
  readonly outgoing: Answer;
  /** What tells the sender that there is nothing left to send. */
  readonly sent: Response;
}

/** A response that was made of something at hand is sent without being looked at: it holds what it was made of. */
interface Light {
  readonly [cache: symbol]: unknown;
}

const isLight = (response: Response, cache: symbol | undefined): response is Response & Light =>
  cache !== undefined && cache in response;

const isStream = (body: unknown): body is ReadableStream<Uint8Array> =>
  typeof body === 'object' && body !== null && 'getReader' in body;

/**
 * The symbol under which the light responses of `@hono/node-server` keep status, body and headers as they were given;
 * `undefined` when the global `Response` is Node's own.
 *
 * Without it nothing goes wrong, only more slowly: every response is taken for one that has to be read.
 */
export const cacheOfLightResponses = (): symbol | undefined =>
  Object.getOwnPropertySymbols(new Response(null)).find(({ description }) => description === 'cache');

/** What the adapter's light responses take without a look, and `Response` itself does not. */
const checkStatus = (status: unknown): void => {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return;
  throw new TypeError(`a response cannot have the status ${status}`);
};

/** As much of a response as there can be without a body. */
const withoutBody = ({ status, headers }: Response): Response => {
  const response = new Response(null, { status, headers });
  // Beside the others it says how long the body would have been.
  if (status === 204 || status === 205) response.headers.delete('content-length');
  return response;
};

/** What the sender counts by its length has to be bytes. */
const asBytes = ({ done, value }: ReadableStreamReadResult<unknown>): ReadableStreamReadResult<Uint8Array> => {
  if (done) return { done, value: undefined };
  if (value instanceof Uint8Array) return { done, value };
  if (typeof value === 'string') return { done, value: Buffer.from(value) };
  throw new TypeError('the body of the response is a stream of something else than bytes');
};

/** Reading never fails, it ends; `failed` learns why. */
const guardReader = (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  failed: (error: unknown) => void,
): Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'closed'> => ({
  read: () =>
    reader
      .read()
      .then(asBytes)
      .catch((error: unknown) => {
        failed(error);
        return { done: true, value: undefined };
      }),
  cancel: (reason) => reader.cancel(reason),
  closed: reader.closed.catch(() => undefined),
});

/**
 * Keeps a response from failing while it is sent: the sender would tell its client and the console why.
 *
 * Throws when it cannot be sent at all. A body that has to be read is read by way of a guard: when it fails, `failed`
 * is told, and the sender finds that there is no more. Where no body is sent, none is read: the sender would read one
 * without an end for ever, in one turn of the event loop.
 *
 * @param cache - see `cacheOfLightResponses`.
 * @param past - where it may be written past the sender, when its body can do without one.
 */
export const soundResponse = (
  response: Response,
  method: string | undefined,
  cache: symbol | undefined,
  failed: (error: unknown) => void,
  past?: Past,
): Response => {
  const given: unknown = isLight(response, cache) && cache !== undefined ? response[cache] : undefined;
  const { status } = response;
  checkStatus(status);
  const isBare = BODILESS.has(status);
  if (Array.isArray(given)) {
    // Headers given as a list are first looked at when they are asked for, and that is when a wrong one throws.
    if (Array.isArray(given[2])) new Headers(response.headers);
    if (!isStream(given[1])) return isBare ? withoutBody(response) : response;
  }
  const bodiless = method === 'HEAD' || isBare;
  if (past !== undefined && !bodiless && pumped(response, given, past.outgoing)) return past.sent;
  // Asked for its body, a light response becomes one of Node's, which has none beside such a status.
  const body: unknown = bodiless && Array.isArray(given) ? given[1] : response.body;
  if (body === null) return isBare ? withoutBody(response) : response;
  if (!isStream(body)) throw new TypeError('the body of the response is no stream');
  if (bodiless) {
    body.cancel().catch(() => undefined);
    return withoutBody(response);
  }
  if (response.bodyUsed || body.locked) throw new TypeError('the body of the response was read already');
  const reader = guardReader(body.getReader(), failed);
  return Object.defineProperty(response, 'body', { value: { locked: true, getReader: () => reader } });
};
