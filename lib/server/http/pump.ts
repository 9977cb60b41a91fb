import type { OutgoingHttpHeaders } from 'node:http';
import type { Answer } from './answer.ts';

/** Headers as Node takes them. */
export type NodeHeaders = OutgoingHttpHeaders;

/** Writes a response straight to its client, with the status and headers that it has in the end. */
export type Pump = (outgoing: Answer, status: number, headers: OutgoingHttpHeaders) => void;

const PUMP = Symbol('sluice.pump');

interface Pumped {
  [PUMP]?: Pump;
}

/** Says that what a stream would bring can be written without it, as long as nobody has touched it. */
export const setPump = (stream: ReadableStream<Uint8Array>, pump: Pump): void => {
  const pumped: ReadableStream<Uint8Array> & Pumped = stream;
  pumped[PUMP] = pump;
};

const recordOf = (given: Headers): OutgoingHttpHeaders => {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of given) if (name !== 'set-cookie') headers[name] = value;
  const cookies = given.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
};

const isPlain = (headers: unknown): headers is OutgoingHttpHeaders =>
  typeof headers === 'object' && headers !== null && Object.getPrototypeOf(headers) === Object.prototype;

/**
 * Writes a response past the streams of the web, which cost several times as much, if that can be done.
 *
 * @param given - what a light response was made of: status, body and headers.
 */
export const pumped = (response: Response, given: unknown, outgoing: Answer): boolean => {
  const [, body, headers]: readonly unknown[] = Array.isArray(given) ? given : [undefined, response.body];
  if (!(body instanceof ReadableStream)) return false;
  const { [PUMP]: pump }: ReadableStream & Pumped = body;
  if (pump === undefined || body.locked || (!Array.isArray(given) && response.bodyUsed)) return false;
  pump(outgoing, response.status, isPlain(headers) ? headers : recordOf(response.headers));
  return true;
};
