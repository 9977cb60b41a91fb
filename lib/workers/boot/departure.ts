import type { DrainRequest } from '../drain.ts';
import type { Undo } from '../runtime.ts';

/** What a departure needs of the process that leaves. */
export interface Leaving {
  /** It begins to leave. */
  readonly told: () => void;
  /** What is done when nothing was handed over to be drained, and nobody listens. */
  readonly usual: (request: DrainRequest) => Promise<void>;
  /** Resolves when everything that others sent while this process listened has arrived. */
  readonly caughtUp: () => Promise<void>;
  /** Says what is left to say. */
  readonly farewell: () => Promise<void>;
  /** Ends the process; without a code with the one it has chosen itself. */
  readonly end: (code: 1 | undefined) => void;
  /** Milliseconds it gives itself when it leaves of its own accord. */
  readonly patienceMs: () => number;
  /** What is thrown by those who take part. */
  readonly report: (error: unknown) => void;
}

/** The longest timer that Node has; longer ones would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The primary kills who is late. Only when nobody does, a worker ends itself, so much later. */
const KILLER_GRACE_MS = 500;

/** Milliseconds to catch up, and for the last words to be read, by a primary that may be stopped. */
const FAREWELL_MS = 3_000;

/** How a worker leaves: once, with everybody who takes part in it, and not later than it may. */
export class Departure {
  readonly #leaving: Leaving;
  readonly #listeners = new Set<(request: DrainRequest) => void>();
  readonly #holds = new Set<(request: DrainRequest) => Promise<unknown>>();
  readonly #draining = new Set<Promise<void>>();
  #request: DrainRequest | undefined;
  #code: 1 | undefined;
  #deadline: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  /** Somebody was told, and says when it is done. */
  #awaited = false;
  #exitAsked = false;
  #drained = false;
  #finishing = false;

  constructor(leaving: Leaving) {
    this.#leaving = leaving;
  }

  get isUnderWay(): boolean {
    return this.#request !== undefined;
  }

  /** The primary asks for it. The first reason counts, and the earliest deadline. */
  ask(request: DrainRequest): void {
    this.#begin(request, KILLER_GRACE_MS);
  }

  /** This process does so itself; nobody else watches the deadline. */
  decide(request: DrainRequest, code?: 1): void {
    this.#code ??= code;
    this.#begin(request, 0);
  }

  onDrain(listener: (request: DrainRequest) => void): Undo {
    this.#listeners.add(listener);
    if (this.#request !== undefined) this.#tell(listener, this.#request);
    return () => this.#listeners.delete(listener);
  }

  hold(drain: (request: DrainRequest) => Promise<unknown>): Undo {
    this.#holds.add(drain);
    if (this.#request !== undefined) this.#drain(drain, this.#request);
    return () => this.#holds.delete(drain);
  }

  exit(): Promise<never> {
    this.#exitAsked = true;
    if (this.#request === undefined) {
      this.decide({ reason: 'stop', deadlineMs: this.#leaving.patienceMs(), handOver: false });
    } else if (this.#drained) void this.#finish();
    return new Promise(() => {});
  }

  #begin(request: DrainRequest, graceMs: number): void {
    this.#expect(request.deadlineMs + graceMs);
    if (this.#request !== undefined) return;
    this.#request = request;
    this.#leaving.told();
    const isUsual = this.#holds.size === 0 && this.#listeners.size === 0;
    if (isUsual) this.#drain(this.#leaving.usual, request);
    for (const drain of this.#holds) this.#drain(drain, request);
    for (const listener of this.#listeners) this.#tell(listener, request);
    void this.#wait();
  }

  /** The end, however far it got by then. */
  #expect(inMs: number): void {
    const at = performance.now() + inMs;
    if (this.#deadline !== undefined && this.#deadline.at <= at) return;
    clearTimeout(this.#deadline?.timer);
    const late = (): void => {
      this.#code = 1;
      this.#leaving.end(1);
    };
    this.#deadline = { at, timer: setTimeout(late, Math.min(inMs, LONGEST_MS)) };
  }

  #tell(listener: (request: DrainRequest) => void, request: DrainRequest): void {
    this.#awaited = true;
    try {
      listener(request);
    } catch (error) {
      this.#leaving.report(error);
    }
  }

  #drain(drain: (request: DrainRequest) => Promise<unknown>, request: DrainRequest): void {
    const run = async (): Promise<void> => {
      try {
        await drain(request);
      } catch (error) {
        this.#leaving.report(error);
      }
    };
    const draining = run().finally(() => this.#draining.delete(draining));
    this.#draining.add(draining);
  }

  async #wait(): Promise<void> {
    while (this.#draining.size > 0) await Promise.all(this.#draining);
    this.#drained = true;
    if (!this.#awaited || this.#exitAsked) await this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#finishing) return;
    this.#finishing = true;
    const patience = new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
    await Promise.race([this.#lastWords(), patience]);
    this.#leaving.end(this.#code);
  }

  /** Whatever is unread when this process ends is lost, be it a connection of somebody. */
  async #lastWords(): Promise<void> {
    await this.#leaving.caughtUp();
    await this.#leaving.farewell();
  }
}
