import type { Unsubscribable } from 'rxjs';
import type { Heartbeat } from './heartbeat.ts';
import type { FromWorker } from './protocol.ts';

/** Milliseconds that what is exposed may take to be read; the report goes without it after that. */
const READ_TIMEOUT_MS = 2_000;

/** The report that nobody asked for. */
const LAST = 0;

/** @param sent - called with `false` when the message never will be with the primary. */
type Send = (message: FromWorker, sent: (delivered: boolean) => void) => void;

/** Tells the primary what it asks for, and what there is to say before this process ends. */
export class Reporter {
  readonly #beat: () => Heartbeat;
  readonly #send: Send;
  readonly #exposed = new Set<() => unknown>();

  constructor(beat: () => Heartbeat, send: Send) {
    this.#beat = beat;
    this.#send = send;
  }

  /** Adds what is read for every report that has series. */
  expose(read: () => unknown): Unsubscribable {
    // Twice the same is two.
    const own = (): unknown => read();
    this.#exposed.add(own);
    return { unsubscribe: () => void this.#exposed.delete(own) };
  }

  /** Answers `collect`: at once without series, otherwise when all of them are read. Never rejects. */
  async answer({ id, series }: { readonly id: number; readonly series: boolean }): Promise<void> {
    if (series && this.#exposed.size > 0) this.#report(id, await this.#read());
    else this.#report(id, []);
  }

  /** Says everything once more, before the process ends. Never rejects, and takes no longer than any reading. */
  last(): Promise<void> {
    return this.answer({ id: LAST, series: true });
  }

  #report(id: number, series: readonly unknown[]): void {
    this.#send({ type: 'report', id, beat: this.#beat(), series }, (delivered) => {
      // They may be too much, or nothing that can be sent: the rest is worth something without them.
      if (!delivered && series.length > 0) this.#report(id, []);
    });
  }

  /** What cannot be read, or not in time, is left out. */
  async #read(): Promise<readonly unknown[]> {
    const patience = new Patience(READ_TIMEOUT_MS);
    const read = await Promise.all(
      Array.from(this.#exposed, (expose) => Promise.race([settled(expose), patience.over])),
    );
    patience.end();
    return read.filter((series) => series !== undefined);
  }
}

/** A time that somebody waits, and that keeps nothing alive after it. */
class Patience {
  readonly over: Promise<undefined>;
  #end: () => void = () => {};

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  end(): void {
    this.#end();
  }
}

const settled = async (read: () => unknown): Promise<unknown> => {
  try {
    return await read();
  } catch {
    // A report without it says as much: its series are missing, and the others are not.
    return undefined;
  }
};
