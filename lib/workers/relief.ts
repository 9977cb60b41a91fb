import { defer, filter, type Observable, Subject, Subscription, startWith, take, timer } from 'rxjs';
import { backoffMs } from '../reactive/backoff.ts';
import type { Clock } from './clock.ts';
import { exchange } from './exchange.ts';
import type { Farewell } from './farewell.ts';
import type { News } from './news.ts';
import type { Slot } from './slot.ts';
import type { Tenure } from './tenure.ts';
import type { Complaint } from './watch.ts';

/** Why a process is replaced that nobody asked to replace. */
export type ReliefReason = 'unresponsive' | 'memory' | 'age';

export interface ReliefOptions {
  readonly clock: Clock;
  readonly farewell: (reason: ReliefReason) => Farewell;
  /** The longest time between two attempts to replace one process, milliseconds. */
  readonly longestRetryMs: number;
  readonly tell: (news: News) => void;
}

/** One process that is to be replaced. */
interface Wish {
  readonly tenure: Tenure;
  reason: ReliefReason;
  attempts: number;
  /** Until the next attempt. */
  wait: Subscription;
}

/** A replacement that fails does so again soon; the process that it is for still serves. */
const FIRST_RETRY_MS = 1_000;

/** Who is silent does not wait for those who merely grew. */
type Lane = 'urgent' | 'planned';

const laneOf = (reason: ReliefReason): Lane => (reason === 'unresponsive' ? 'urgent' : 'planned');

/**
 * Replaces processes that complain: the replacement first, then the old one leaves.
 *
 * One process that is too old or too large at a time, over all slots, so that not all of them leave together; and one
 * that is silent beside it. Nobody is replaced while it is held.
 */
export class Relief {
  readonly #options: ReliefOptions;
  readonly #wishes = new Map<Slot, Wish>();
  readonly #busy = new Map<Lane, { readonly slot: Slot; steps: Subscription }>();
  /** An exchange is over. */
  readonly #ended$ = new Subject<void>();
  #held = false;

  constructor(options: ReliefOptions) {
    this.#options = options;
  }

  /** Emits once, and completes, as soon as no exchange is under way. Cold; unsubscribing stops waiting. */
  readonly idle$: Observable<void> = defer(() => this.#ended$.pipe(startWith(undefined))).pipe(
    filter(() => this.#busy.size === 0),
    take(1),
  );

  /** The process that serves for a slot complains. */
  hear(slot: Slot, complaint: Complaint): void {
    const { type } = complaint;
    if (type === 'responsive') {
      this.#forgive(slot);
      return;
    }
    const who = { slot: slot.id, pid: slot.current?.pid ?? 0 };
    if (type === 'unresponsive') this.#options.tell({ type, ...who, silentMs: complaint.silentMs });
    else this.#options.tell({ type: 'outgrown', ...who, reason: type });
    this.#want(slot, type);
  }

  /** It is to be replaced, as soon as it is its turn. */
  #want(slot: Slot, reason: ReliefReason): void {
    const tenure = slot.current;
    if (tenure === undefined) return;
    const known = this.#wishes.get(slot);
    if (known?.tenure === tenure) known.reason = reason === 'unresponsive' ? reason : known.reason;
    else {
      known?.wait.unsubscribe();
      this.#wishes.set(slot, { tenure, reason, attempts: 0, wait: Subscription.EMPTY });
    }
    this.#next();
  }

  /** It answers again: unless that is happening already, there is no reason to replace it. */
  #forgive(slot: Slot): void {
    if (this.#wishes.get(slot)?.reason !== 'unresponsive' || this.#isBusyWith(slot)) return;
    this.#drop(slot);
  }

  /** Nobody else is replaced until it is released. What is under way goes on. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#next();
  }

  /** Nobody is replaced any more, and no timer is left; who has not taken over by now is ended. */
  stop(): void {
    this.#held = true;
    for (const slot of [...this.#wishes.keys()]) this.#drop(slot);
    for (const { steps } of [...this.#busy.values()]) steps.unsubscribe();
    this.#busy.clear();
    this.#ended$.next();
  }

  #next(): void {
    for (const lane of ['urgent', 'planned'] as const) {
      if (this.#held || this.#busy.has(lane)) continue;
      for (const [slot, wish] of this.#wishes) {
        if (slot.current !== wish.tenure) this.#drop(slot);
        else if (laneOf(wish.reason) === lane && wish.wait.closed && slot.isSettled) {
          this.#exchange(lane, slot, wish);
          break;
        }
      }
    }
  }

  #exchange(lane: Lane, slot: Slot, wish: Wish): void {
    const { farewell } = this.#options;
    const busy = { slot, steps: new Subscription() };
    this.#busy.set(lane, busy);
    const change = exchange(slot, () => farewell(wish.reason));
    const end = (): void => {
      this.#busy.delete(lane);
      this.#ended$.next();
      this.#next();
    };
    busy.steps.add(
      change.steps$.subscribe({
        next: ({ type }) => {
          if (type === 'ready') change.takeOver();
        },
        error: (error: Error) => {
          this.#retryLater(wish, error);
          end();
        },
        complete: () => {
          this.#drop(slot);
          end();
        },
      }),
    );
  }

  #retryLater(wish: Wish, error: Error): void {
    const { clock, tell, longestRetryMs } = this.#options;
    wish.attempts += 1;
    const maxMs = Math.max(FIRST_RETRY_MS, longestRetryMs);
    const delayMs = backoffMs(wish.attempts, { initialMs: FIRST_RETRY_MS, maxMs });
    wish.wait = timer(delayMs, clock.scheduler).subscribe(() => {
      wish.wait.unsubscribe();
      this.#next();
    });
    tell({ type: 'warning', code: 'WARN_WORKER_NOT_REPLACED', message: error.message });
  }

  #isBusyWith(slot: Slot): boolean {
    return [...this.#busy.values()].some((busy) => busy.slot === slot);
  }

  #drop(slot: Slot): void {
    this.#wishes.get(slot)?.wait.unsubscribe();
    this.#wishes.delete(slot);
  }
}
