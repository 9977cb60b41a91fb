import { Subscription, timer } from 'rxjs';
import { LONGEST_MS } from '../supervision/limits.ts';
import type { Clock } from './clock.ts';

/** A moment that can only come earlier. */
export interface Deadline {
  /** @returns whether that is earlier than what was set before; with 0 it has passed when this returns. */
  set(inMs: number): boolean;
  /** It will not come; nothing can be set any more. */
  cancel(): void;
}

/**
 * Calls `passed` once, at the earliest of the moments that were set.
 *
 * One that is further away than a timer can count never comes.
 */
export const createDeadline = (clock: Clock, passed: () => void): Deadline => {
  let at = Number.POSITIVE_INFINITY;
  let waiting = Subscription.EMPTY;
  return {
    set(inMs) {
      const next = clock.now() + Math.max(0, inMs);
      if (next >= at || inMs > LONGEST_MS) return false;
      at = next;
      waiting.unsubscribe();
      if (inMs > 0) waiting = timer(inMs, clock.scheduler).subscribe(passed);
      else passed();
      return true;
    },
    cancel() {
      at = Number.NEGATIVE_INFINITY;
      waiting.unsubscribe();
    },
  };
};
