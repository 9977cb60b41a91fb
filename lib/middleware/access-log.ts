import type { Context, MiddlewareHandler } from 'hono';
import { oneLine } from '../config/received.ts';
import type { Logger } from '../log/logger.ts';
import { endingOf, type Outgoing, outgoingOf, remoteAddressOf } from './outgoing.ts';

/** What nginx writes of a client that left before it was answered. */
const CLIENT_LEFT = 499;

/** Longer paths and names of browsers are cut. */
const LONGEST = 1_024;

/** One request, as it is written down when its answer is over. Texts are escaped: none holds a line break. */
export interface AccessEntry {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  /** The status its client got; 499 when it left before there was one. */
  readonly status: number;
  /** From its head to the end of its answer, in milliseconds. */
  readonly durationMs: number;
  /** Bytes of the body that were handed to the connection. */
  readonly bytes: number;
  /** Everything was handed over; `false` when the client left, or was cut off, before that. */
  readonly complete: boolean;
  readonly userAgent: string;
  readonly remoteAddress: string;
}

/** An entry as one line of text. */
const lineOf = (entry: AccessEntry): string => {
  const { method, path, status, durationMs, bytes, complete, userAgent, remoteAddress } = entry;
  const end = complete ? '' : ' cut';
  return `${remoteAddress} "${method} ${path}" ${status} ${bytes} B ${durationMs.toFixed(1)} ms "${userAgent}"${end}`;
};

/** Quotes end a text in the line, so that one inside it is escaped as well. */
const escaped = (text: string): string => oneLine(text, LONGEST).replace(/["\\]/g, '\\$&');

const announcedBytes = (c: Context): number => Number(c.res.headers.get('content-length') ?? 0);

/**
 * Middleware that writes one line for each request, when its answer is over: method, path, status, duration, size,
 * user agent and remote address.
 *
 * Nothing that a client sends can begin a line of its own or disguise one: control characters, escape sequences of
 * terminals and characters that change the direction of writing are escaped.
 *
 * @param log - where lines go to, at level `info`; or a function that gets the entry and its line.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { accessLog } from 'sluice';
 *
 * const app = new Hono();
 * app.use(accessLog(({ method, path, status }) => console.log(method, path, status)));
 * app.get('/', (c) => c.text('hello'));
 * await app.request('/');
 * ```
 */
export const accessLog = (
  log: Pick<Logger, 'info'> | ((entry: AccessEntry, line: string) => void),
): MiddlewareHandler => {
  const write = typeof log === 'function' ? log : (_: AccessEntry, line: string): void => log.info(line);
  return async (c, next) => {
    const startedAt = performance.now();
    const request = {
      method: escaped(c.req.method),
      path: escaped(c.req.path),
      userAgent: escaped(c.req.header('user-agent') ?? '-'),
      remoteAddress: remoteAddressOf(c.env) ?? '-',
    };
    const over = (status: number, bytes: number, complete: boolean): void => {
      const entry = { ...request, status, bytes, complete, durationMs: performance.now() - startedAt };
      try {
        write(entry, lineOf(entry));
      } catch {
        // A log that fails must not cost anybody an answer, and there is nobody to tell.
      }
    };
    const outgoing = outgoingOf(c.env);
    if (outgoing === undefined) {
      await next();
      over(c.res.status, announcedBytes(c), true);
      return;
    }
    const written = countBytes(outgoing);
    outgoing.once('close', () => {
      const { status = CLIENT_LEFT, complete } = endingOf(outgoing);
      over(status, written(), complete);
    });
    await next();
  };
};

/** Counts what is written from now on. A body that the status or the method does not allow is not sent: none counts. */
const countBytes = (outgoing: Outgoing): (() => number) => {
  let bytes = 0;
  const count = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk === 'string') {
      bytes += Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
    } else if (chunk instanceof Uint8Array) bytes += chunk.byteLength;
  };
  const { write, end } = outgoing;
  let ended = false;
  outgoing.write = (...given) => {
    // What is given to the end may be written in pieces.
    if (!ended) count(given[0], given[1]);
    return write.apply(outgoing, given);
  };
  outgoing.end = (...given) => {
    if (!ended) count(given[0], given[1]);
    ended = true;
    return end.apply(outgoing, given);
  };
  return () => (outgoing.req?.method === 'HEAD' || outgoing.statusCode === 304 ? 0 : bytes);
};
