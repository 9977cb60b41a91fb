import {
  concat,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { Member } from './member.ts';
import { stagesOf } from './member-order.ts';
import type { Roster } from './roster.ts';

/** How much later than the drains themselves a stop gives up on them. */
const OVERTIME_MS = 100;

/** The longest a timer can wait; Node fires longer ones at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** How a life ended. */
export interface Ending {
  /** Connections that had something unfinished when they were cut. */
  readonly cut: number;
  readonly durationMs: number;
}

export interface WindDownLimits {
  /** Milliseconds for every server, instead of its own. */
  readonly drainTimeoutMs: number | undefined;
  /** Milliseconds for all of them, whatever their own. */
  readonly shutdownTimeoutMs: number;
}

/**
 * Lets all servers, and the generations that left before, finish what they accepted; each after those that depend on it.
 *
 * Emits how many connections had to be cut, and completes: when nobody is left, or when time is over and somebody
 * still is. Cold, never errors; unsubscribing gives up on waiting.
 */
export const windDown = (roster: Roster, { drainTimeoutMs, shutdownTimeoutMs }: WindDownLimits): Observable<number> =>
  defer(() => {
    const startedAt = performance.now();
    const longest = Math.min(drainTimeoutMs ?? LONGEST_MS, shutdownTimeoutMs);
    // Those with dependents are asked later, when there is less time left.
    const limit = (member: Member): number => {
      const left = Math.max(0, shutdownTimeoutMs - (performance.now() - startedAt));
      return Math.min(left, drainTimeoutMs ?? member.spec.limits.drainTimeoutMs);
    };
    const stages = stagesOf([...roster.leaving, ...roster.members.values()]);
    const allMs = Math.min(((drainTimeoutMs ?? LONGEST_MS) + OVERTIME_MS) * stages, shutdownTimeoutMs + OVERTIME_MS);
    let cut = 0;
    const count = (more: number): void => {
      cut += more;
    };
    const counting = roster.reports$
      .pipe(map((news) => ('status' in news ? (news.status.cut ?? 0) : 0)))
      .subscribe(count);
    const stopping$ = merge(
      roster.stop([...roster.members.values()], limit),
      longest < LONGEST_MS ? roster.hasten(longest).pipe(tap(count), ignoreElements()) : EMPTY,
      roster.ended(roster.leaving),
    ).pipe(takeUntil(timer(Math.min(allMs, LONGEST_MS))));
    return concat(
      stopping$,
      defer(() => of(cut)),
    ).pipe(finalize(() => counting.unsubscribe()));
  });
