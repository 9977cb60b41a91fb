/** Seconds after which a client may try again: requests are short, and a longer wait would leave the server idle. */
const RETRY_AFTER_S = 1;

const BODY = 'Service Unavailable';

/** As much of an answer as it takes to turn a request away. */
interface Refusing {
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  end(body: string): unknown;
}

/**
 * Answers a request that is one too many. Its connection may be used for the next one: a client that has to connect
 * again costs more than one that asks again.
 */
export const turnAway = (outgoing: Refusing): void => {
  outgoing.statusCode = 503;
  outgoing.setHeader('content-type', 'text/plain; charset=UTF-8');
  outgoing.setHeader('content-length', BODY.length);
  outgoing.setHeader('retry-after', RETRY_AFTER_S);
  outgoing.end(BODY);
};
