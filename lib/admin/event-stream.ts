import { map, type Observable, Subscription, takeUntil } from 'rxjs';
import { jsonLine } from './json-line.ts';

/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** One word. */
  readonly event: string;
  /** Sent as JSON on one line, so that nothing in it can end the event. */
  readonly data: unknown;
}

/** How a stream of server-sent events is kept up, and when it is given up. */
export interface EventStreamOptions {
  /** Milliseconds between two comments, by which both sides notice that the other is gone; 15 000 by default. */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a client who does not read; beyond that the stream ends. 1 048 576 by default. */
  readonly backlogBytes?: number;
  /** Ends the stream when it emits. */
  readonly closing$: Observable<unknown>;
  /** Called once when the stream has ended, whoever ended it. */
  readonly onEnd: () => void;
}

/**
 * An answer that tells what `events$` emits as server-sent events.
 *
 * Subscribes at once; ends with `events$`, with `closing$`, when the client leaves, and when the client is so far behind
 * that its backlog is full: it may come back, and starts from a snapshot then.
 */
export const eventStream = (events$: Observable<ServerSentEvent>, options: EventStreamOptions): Response => {
  const { heartbeatMs = 15_000, backlogBytes = 1_048_576, closing$, onEnd } = options;
  const encoder = new TextEncoder();
  // Torn down once, whoever ends it: it is what calls `onEnd`.
  const life = new Subscription(onEnd);

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (): void => {
          if (life.closed) return;
          life.unsubscribe();
          controller.close();
        };
        const send = (text: string): void => {
          if (life.closed) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) <= 0) end();
        };
        const beating = setInterval(() => send(': alive\n\n'), heartbeatMs);
        life.add(() => clearInterval(beating));
        const texts$ = events$.pipe(map(({ event, data }) => `event: ${event}\ndata: ${jsonLine(data)}\n\n`));
        life.add(texts$.pipe(takeUntil(closing$)).subscribe({ next: send, complete: end, error: end }));
      },
      cancel: () => life.unsubscribe(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: backlogBytes }),
  );
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
  });
};
