import type { ApplyOptions } from './orders.ts';
import type { Outcome } from './outcome.ts';
import type { Verdict } from './verdict.ts';

/** One pushed config on its way to its outcome. */
export interface Request {
  readonly revision: number;
  readonly config: unknown;
  /** How it is committed; what is not said is left to the cluster. */
  readonly options: ApplyOptions;
}

interface Entry {
  /** Let go of when it is decided: a superseded config may wait long to be told of, and there may be many. */
  request: Request | undefined;
  readonly pushedAt: number;
  readonly settle: (outcome: Outcome) => void;
  outcome: Outcome | undefined;
}

/**
 * Every request from its push to its outcome: each gets exactly one, and they are given out in the order of the pushes.
 *
 * A request that is superseded while an older one is being committed waits for that one's outcome.
 */
export class Ledger {
  readonly #entries = new Map<number, Entry>();
  readonly #settled: (outcome: Outcome) => void;
  #revision = 0;
  #telling = false;

  /** @param settled - called with every outcome, in order. */
  constructor(settled: (outcome: Outcome) => void) {
    this.#settled = settled;
  }

  /** Whether every request has its outcome. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Those that wait for theirs, oldest first. */
  get open(): readonly Request[] {
    return [...this.#entries.values()].flatMap(({ request }) => request ?? []);
  }

  enter(config: unknown, settle: (outcome: Outcome) => void, options: ApplyOptions = {}): Request {
    this.#revision += 1;
    const request = { revision: this.#revision, config, options };
    this.#entries.set(this.#revision, { request, pushedAt: performance.now(), settle, outcome: undefined });
    return request;
  }

  /** Decides a request and tells. A second verdict on the same request is ignored. */
  settle(request: Request, verdict: Verdict): void {
    this.decide(request, verdict);
    this.tell();
  }

  /** Decides a request; nobody hears of it before `tell`. */
  decide({ revision }: Request, verdict: Verdict): void {
    const entry = this.#entries.get(revision);
    if (entry === undefined || entry.outcome !== undefined) return;
    entry.request = undefined;
    entry.outcome = Object.freeze({ ...verdict, revision, durationMs: performance.now() - entry.pushedAt });
  }

  /** Gives out what is decided, in order. Whoever is told may push and settle: that is told by the loop that runs. */
  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (const [key, entry] of this.#entries) {
      if (entry.outcome === undefined) break;
      this.#entries.delete(key);
      entry.settle(entry.outcome);
      this.#settled(entry.outcome);
    }
    this.#telling = false;
  }

  /** Nobody looks at requests yet: at most `most` of them wait, the newest. */
  keep(most: number): void {
    if (this.#entries.size <= most) return;
    const { open } = this;
    for (const request of open.slice(0, Math.max(0, open.length - most)))
      this.settle(request, { status: 'superseded' });
  }

  /** The cluster is over: nobody will look at what is open. */
  cancel(): void {
    for (const request of this.open) this.settle(request, { status: 'cancelled' });
  }
}
