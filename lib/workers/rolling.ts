import { merge, Observable, Subscription, timer } from 'rxjs';
import { LONGEST_MS } from '../supervision/limits.ts';
import type { Clock } from './clock.ts';
import { AvailabilityError } from './errors.ts';
import { type Exchange, exchange } from './exchange.ts';
import type { Farewell } from './farewell.ts';
import type { RestartReport } from './restart-report.ts';
import { type ExchangePhase, nextMove } from './rolling-plan.ts';
import type { Slot } from './slot.ts';
import { isGivenUp } from './slot-state.ts';
import { isReady } from './tenure.ts';

export interface RollingOptions {
  readonly clock: Clock;
  /** Processes there may be beyond the slots. */
  readonly surge: number;
  readonly minAvailable: number;
  /** Milliseconds in which as many have to be active as `minAvailable` says; 0 for as long as it takes. */
  readonly patienceMs: number;
  readonly farewell: () => Farewell;
  /** Emits why, when it is to end before it is done. */
  readonly abort$: Observable<Error>;
}

interface Part {
  readonly slot: Slot;
  readonly exchange: Exchange;
  phase: ExchangePhase;
  steps: Subscription;
  /** Why its replacement will not take over. */
  failure: Error | undefined;
}

/**
 * Replaces the process of every slot that is not given up, in the order of the slots, each when its replacement is ready.
 *
 * A replacement that does not become ready is killed, and so are those that boot ahead of it; what has taken over by then
 * stays. An old process that ends by itself meanwhile is none: its replacement fills in.
 *
 * Shape: cold; emits one report when nothing is left of the exchanges, and completes. Never errors. Unsubscribing ends
 * every replacement that has not taken over.
 */
export const rollingRestart = (slots: readonly Slot[], options: RollingOptions): Observable<RestartReport> =>
  new Observable((subscriber) => {
    const { clock, farewell, surge } = options;
    const startedAt = clock.now();
    const forced: number[] = [];
    const failed: number[] = [];
    let cause: Error | undefined;
    let over = false;
    let moving = false;
    let patience = Subscription.EMPTY;
    const parts = slots
      .filter(({ state, isClosing }) => !isGivenUp(state) && !isClosing)
      .map(
        (slot): Part => ({
          slot,
          exchange: exchange(slot, farewell),
          phase: 'waiting',
          steps: Subscription.EMPTY,
          failure: undefined,
        }),
      );

    const needed = (): number => Math.min(options.minAvailable, slots.filter(({ state }) => !isGivenUp(state)).length);
    const active = (also?: number): number =>
      slots.filter(({ id, current }) => id === also || (current !== undefined && isReady(current))).length;

    const finish = (): void => {
      if (over || parts.some(({ phase }) => phase === 'leaving') || slots.some(({ isSettled }) => !isSettled)) return;
      if (cause === undefined && parts.some(({ phase }) => phase !== 'done')) return;
      over = true;
      const replaced = parts.filter((part) => part.exchange.isTaken).map(({ slot }) => slot.id);
      subscriber.next({
        status: cause === undefined ? 'done' : 'aborted',
        replaced: replaced.filter((id) => !failed.includes(id)),
        kept: slots.map(({ id }) => id).filter((id) => !replaced.includes(id) && !failed.includes(id)),
        failed,
        forced: forced.toSorted((a, b) => a - b),
        durationMs: clock.now() - startedAt,
        ...(cause !== undefined && { cause }),
      });
      subscriber.complete();
    };

    const abort = (why: Error, slot?: Slot): void => {
      if (cause !== undefined || over) return;
      cause = why;
      if (slot !== undefined) failed.push(slot.id);
      patience.unsubscribe();
      for (const part of parts) {
        if (part.phase !== 'leaving' && part.phase !== 'done') part.steps.unsubscribe();
      }
      finish();
    };

    const begin = (part: Part): void => {
      part.phase = 'booting';
      part.steps = part.exchange.steps$.subscribe({
        next: (step) => {
          part.phase = step.type;
          if (step.type === 'done' && step.forced) forced.push(part.slot.id);
          advance();
        },
        error: (error: Error) => {
          part.failure = error;
          advance();
        },
      });
      subscriber.add(part.steps);
      // It was over before there was anything to unsubscribe.
      if (cause !== undefined) part.steps.unsubscribe();
    };

    /** Too few are active for anybody to be let go of: that may last only so long. */
    const waitForOthers = (): void => {
      const front = parts.find(({ phase }) => phase !== 'leaving' && phase !== 'done');
      const isHeldUp = front?.phase === 'ready' && active(front.slot.id) < needed();
      if (!isHeldUp) patience.unsubscribe();
      else if (patience.closed && options.patienceMs > 0 && options.patienceMs <= LONGEST_MS) {
        patience = timer(options.patienceMs, clock.scheduler).subscribe(() => {
          abort(new AvailabilityError(active(front.slot.id), needed()));
        });
        subscriber.add(patience);
      }
    };

    const advance = (): void => {
      // A step may lead to the next within its own call: the loop that runs already goes on with it.
      if (moving) return;
      moving = true;
      while (cause === undefined) {
        // One that booted ahead and failed is told of when it is its turn: those before it are replaced as ever.
        const front = parts.find(({ phase }) => phase !== 'leaving' && phase !== 'done');
        if (front?.failure !== undefined) {
          abort(front.failure, front.slot);
          break;
        }
        const state = parts.map(({ slot, phase }) => ({ slot: slot.id, phase }));
        const move = nextMove(state, { surge, mayLetGo: (id) => active(id) >= needed() });
        const part = parts.find(({ slot }) => slot.id === move?.slot);
        if (move === undefined || part === undefined) break;
        // Nobody comes after one that has failed.
        if (move.type === 'prepare' && parts.some(({ failure }) => failure !== undefined)) break;
        if (move.type === 'prepare') begin(part);
        else part.exchange.takeOver();
      }
      moving = false;
      if (cause === undefined) waitForOthers();
      finish();
    };

    subscriber.add(options.abort$.subscribe((why) => abort(why)));
    advance();
    if (!over) subscriber.add(merge(...slots.map(({ changed$ }) => changed$)).subscribe(advance));
  });
