import type { Context } from 'hono';
import { defer, interval, type Observable, Subscription, timer } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { eventText, HEARTBEAT, type ServerSentEvent } from './event-text.ts';
import { drainSignal } from './http/drain-signal.ts';

/** Who listens to a stream of events. */
export interface EventClient {
  /** The id of the last event it got before, when it comes back. */
  readonly lastEventId: string | undefined;
  /** Aborts when the server is told to leave. What is emitted in that turn is still sent. */
  readonly drainSignal: AbortSignal;
}

/** What an event stream is allowed; all of it has defaults. */
export interface EventStreamOptions {
  /** Milliseconds after which clients come back; 1 000. Those that are asked to leave are spread over twice as long. */
  readonly retryMs?: number;
  /** Milliseconds of silence after which a comment is sent; 15 000, below the idle limits of proxies. `0` sends none. */
  readonly heartbeatMs?: number;
  /**
   * Milliseconds after which a stream ends, and its client comes back with the id of the last event it got; `0`, never,
   * by default. It bounds how long a client that has vanished without a word is kept: TCP itself takes a quarter of an
   * hour to notice, and nothing in this protocol is answered.
   */
  readonly maxAgeMs?: number;
  /** Bytes that may wait for a client that reads slowly; 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** What becomes of a client for which too much waits: its stream ends, or events are dropped; `'close'`. */
  readonly overflow?: 'close' | 'drop';
}

const defaults: Required<EventStreamOptions> = {
  retryMs: 1_000,
  heartbeatMs: 15_000,
  maxAgeMs: 0,
  maxBufferedBytes: 1_048_576,
  overflow: 'close',
};

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // nginx collects what it passes on, unless it is told not to.
  'x-accel-buffering': 'no',
};

const settingsOf = (options: EventStreamOptions): Required<EventStreamOptions> => {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = { ...defaults, ...Object.fromEntries(given) };
  for (const name of ['retryMs', 'heartbeatMs', 'maxAgeMs', 'maxBufferedBytes'] as const) {
    const value = settings[name];
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31) {
      throw new OptionsError(name, 'a whole number from 0 to 2147483647');
    }
  }
  if (settings.overflow !== 'close' && settings.overflow !== 'drop') {
    throw new OptionsError('overflow', "'close' or 'drop'");
  }
  return settings;
};

/** Has clients that leave together come back one after another. */
const spread = (retryMs: number): number => Math.round(retryMs * (1 + Math.random()));

/** Writes events into a stream for as long as somebody reads it. */
const sending = (
  events$: Observable<ServerSentEvent>,
  leaving: AbortSignal,
  { retryMs, heartbeatMs, maxAgeMs, maxBufferedBytes, overflow }: Required<EventStreamOptions>,
): UnderlyingDefaultSource<Uint8Array> => {
  const encoder = new TextEncoder();
  const session = new Subscription();
  let begun = false;
  let quiet = false;

  const begin = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    // The stream wants nothing ahead, so what it holds shows as how much less than nothing it wants.
    const waiting = (): number => -(controller.desiredSize ?? 0);
    const write = (text: string): void => {
      quiet = false;
      controller.enqueue(encoder.encode(text));
    };
    const end = (ms: number): void => {
      if (session.closed) return;
      session.unsubscribe();
      write(eventText({ retry: ms }));
      controller.close();
    };
    const fail = (error: unknown): void => {
      session.unsubscribe();
      controller.error(error);
    };
    const send = (event: ServerSentEvent): void => {
      try {
        if (waiting() <= maxBufferedBytes) write(eventText(event));
        else if (overflow === 'close') end(retryMs);
      } catch (error) {
        fail(error);
      }
    };
    const beat = (): void => {
      // To whoever has something to read already a heartbeat says nothing.
      if (quiet && waiting() <= 0) write(HEARTBEAT);
      quiet = true;
    };

    // Known from the start, it also counts when the connection breaks.
    write(eventText({ retry: retryMs }));
    if (heartbeatMs > 0) session.add(interval(heartbeatMs).subscribe(beat));
    if (maxAgeMs > 0) session.add(timer(maxAgeMs).subscribe(() => end(retryMs)));
    // The signal aborts in this turn; what the source has to say to that goes first.
    session.add(fromAbortSignal(leaving).subscribe(() => queueMicrotask(() => end(spread(retryMs)))));
    session.add(events$.subscribe({ next: send, error: fail, complete: () => end(retryMs) }));
  };

  return {
    pull: (controller) => {
      if (begun) return;
      begun = true;
      begin(controller);
    },
    cancel: () => session.unsubscribe(),
  };
};

/**
 * Answers with server-sent events: what an Observable emits, for as long as the client stays.
 *
 * The source is subscribed to when somebody begins to read, and unsubscribed from when the client leaves, the server is
 * told to leave, or it is sent away. When the source completes, or the server leaves, the stream ends cleanly and clients
 * are told when to come back (`retry`): they reach whoever serves then, and tell it the id of the last event they got.
 * A client that must not come back wants a 204. When the source errors, that is logged once and the connection is cut.
 *
 * While more than `maxBufferedBytes` wait for a client that reads slowly, its stream ends: what waits is still sent, and
 * it comes back for the rest. Events can be dropped instead (`overflow`). A client that reads nothing at all is cut by the
 * server's `writeTimeoutMs`. Over HTTP/1.1 and HTTP/2 alike.
 *
 * @param c - the context of the request.
 * @param source - the events, or a function that makes them for one client. An error when an event has a field that
 *   would be read as another: see `EventFieldError`.
 * @throws OptionsError when an option has a value nothing can work with.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { of } from 'rxjs';
 * import { eventStream } from 'sluice';
 *
 * const app = new Hono().get('/events', (c) => eventStream(c, of({ id: '1', data: { hello: 'world' } })));
 *
 * const response = await app.request('/events');
 * console.log((await response.text()).includes('data: {"hello":"world"}')); // true
 * ```
 */
export const eventStream = (
  c: Context,
  source: Observable<ServerSentEvent> | ((client: EventClient) => Observable<ServerSentEvent>),
  options: EventStreamOptions = {},
): Response => {
  const settings = settingsOf(options);
  const leaving = drainSignal(c.env);
  const client: EventClient = { lastEventId: c.req.header('last-event-id'), drainSignal: leaving };
  const events$ = typeof source === 'function' ? defer(() => source(client)) : source;
  // Wanting nothing ahead, it is first asked when somebody reads.
  const body = new ReadableStream(sending(events$, leaving, settings), {
    highWaterMark: 0,
    size: ({ byteLength }) => byteLength,
  });
  return c.body(body, 200, HEADERS);
};
