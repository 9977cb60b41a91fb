import { AsyncSubject, type Observable } from 'rxjs';

/** Characters that may wait for a reader who does not read; beyond that lines are dropped, not collected. */
const MOST_WAITING = 1_048_576;

/** Milliseconds a command waits at its end for a reader to take what is left. */
const FLUSH_MS = 1_000;

/** The part of a stream that is written to; `process.stdout` is one. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly writableLength: number;
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Writes that never fail, block or pile up: what cannot be written is dropped and counted. */
export interface Output {
  /** @param gap - what to write first when something was dropped since the last write that was not. */
  write(text: string, gap?: (dropped: number) => string): void;
  /**
   * Emits once nobody can read any more, and completes; never, for as long as somebody might. Hot, replays. It is noticed
   * by writing.
   */
  readonly gone$: Observable<void>;
  /** Resolves when everything has been taken, or after a second without that. */
  flush(): Promise<void>;
}

/**
 * Makes a stream safe to write to for as long as servers run: a reader that has left (`sluice run | head -1`), one that
 * does not read and a full disk cost lines, never a request.
 */
export const safeOutput = (sink: Sink): Output => {
  let hasReader = true;
  const gone$ = new AsyncSubject<void>();
  let dropped = 0;
  let isTelling = false;
  // Without a listener the error of a write ends the process.
  sink.on('error', ({ code }) => {
    // A disk may have room again; a pipe or a terminal without its other end stays without.
    if (code === 'ENOSPC' || code === 'EDQUOT') return;
    hasReader = false;
    gone$.next();
    gone$.complete();
  });
  const tell = (text: string, count: number): void => {
    isTelling = true;
    sink.write(text, (error) => {
      isTelling = false;
      if (!error) dropped -= count;
    });
  };
  return {
    gone$,
    write(text, gap) {
      if (!hasReader || sink.writableLength > MOST_WAITING) {
        dropped += 1;
        return;
      }
      if (dropped > 0 && gap !== undefined && !isTelling) tell(gap(dropped), dropped);
      sink.write(text, (error) => {
        if (error) dropped += 1;
      });
    },
    flush: () =>
      new Promise((resolve) => {
        if (!hasReader) return resolve();
        const timer = setTimeout(resolve, FLUSH_MS);
        sink.write('', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
};
