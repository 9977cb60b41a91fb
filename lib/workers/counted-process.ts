import type { Subscription } from 'rxjs';
import type { Heartbeat } from './heartbeat.ts';
import type { FromWorker } from './protocol.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Milliseconds after which an answer that did not come never will: what is too much for a channel is dropped. */
const LOST_MS = 10_000;

/** A process of a slot, as far as its numbers are concerned: what it said last, and what it is asked. */
export class CountedProcess {
  readonly slot: number;
  readonly #process: WorkerProcess;
  readonly #now: () => number;
  #beat: Heartbeat | undefined;
  #state: 'starting' | 'ready' | 'left' | 'ended' = 'starting';
  /** The numbers of the latest question and answer. They differ by one at most, unless an answer was lost. */
  #asked = 0;
  #answered = 0;
  #askedAt = 0;
  /** Somebody needs an answer to a question that is not asked yet. */
  #again: { series: boolean } | undefined;

  /** @param now - milliseconds. */
  constructor(slot: number, process: WorkerProcess, now: () => number) {
    this.slot = slot;
    this.#process = process;
    this.#now = now;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What it said last. */
  get beat(): Heartbeat | undefined {
    return this.#beat;
  }

  /** It can be asked. */
  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Nothing more is to be heard of it. */
  get isOver(): boolean {
    return this.#state === 'left' || this.#state === 'ended';
  }

  /** It said what it had to say before it ended. */
  get hasLeft(): boolean {
    return this.#state === 'left';
  }

  /**
   * Asks it, and says which answer that will be. An answer that is on its way already was given before somebody wanted
   * to know: it is asked once more after that, once for all who wait. So it has one question at a time.
   */
  ask(series: boolean): number {
    const waits = this.#asked > this.#answered && this.#now() - this.#askedAt < LOST_MS;
    if (waits) {
      this.#again = { series: series || this.#again?.series === true };
      return this.#asked + 1;
    }
    const id = this.#asked + 1;
    this.#asked = id;
    this.#askedAt = this.#now();
    this.#process.send({ type: 'collect', id, series }, undefined, (delivered) => {
      // Nobody will answer: whoever asks next asks anew, under the same number.
      if (!delivered && this.#asked === id) this.#asked = id - 1;
    });
    return id;
  }

  hasAnswered(question: number): boolean {
    return this.#answered >= question;
  }

  /** Takes note of a message; returns the beat in it, when it is the newest. */
  hear(message: FromWorker): Heartbeat | undefined {
    switch (message.type) {
      case 'ready':
        if (this.#state === 'starting') this.#state = 'ready';
        return undefined;
      case 'beat':
      case 'report':
        return this.#take(message.beat);
      default:
        return undefined;
    }
  }

  /** After what came with an answer was counted: whoever waits for it finds it in the totals. */
  settle(message: Extract<FromWorker, { type: 'report' }>): void {
    if (message.id === 0) this.#state = 'left';
    else if (message.id <= this.#asked) this.#answered = Math.max(this.#answered, message.id);
    if (this.#answered === this.#asked && this.#again !== undefined && this.isReady) {
      const { series } = this.#again;
      this.#again = undefined;
      this.ask(series);
    }
  }

  end(): void {
    if (this.#state !== 'left') this.#state = 'ended';
  }

  /** @param heard - with every message, in order. */
  follow(heard: (message: FromWorker) => void, ended: () => void): Subscription {
    const following = this.#process.messages$.subscribe({ next: heard, error: ended, complete: ended });
    // A process that could not be started has said nothing and never will.
    following.add(this.#process.exit$.subscribe({ error: ended }));
    return following;
  }

  /** Older ones than the latest may come after it when both wait in a queue. */
  #take(beat: Heartbeat): Heartbeat | undefined {
    if (this.#beat !== undefined && beat.sequence < this.#beat.sequence) return undefined;
    this.#beat = beat;
    return beat;
  }
}
