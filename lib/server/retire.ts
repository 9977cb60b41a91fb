import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  ignoreElements,
  interval,
  merge,
  type Observable,
  of,
  repeat,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import { yieldTurn } from '../reactive/yield-turn.ts';
import type { Host } from './host.ts';
import type { DrainProgress } from './server.ts';

/** How long nobody may have connected before an address that is not wanted any more is let go. */
const QUIET_MS = 50;

const LOOK_MS = 10;

/** The same in looks: on a machine that gives this process no time nobody is accepted either. */
const QUIET_LOOKS = QUIET_MS / LOOK_MS;

/** How long an address is kept at most for clients that go on connecting to it. */
const LAME_DUCK_MS = 1_000;

/** A turn of the event loop that took no longer left hardly anybody time to connect. */
const CALM_MS = 0.02;

/** How long a calm turn is sought; under full load there may be none, and a turn may take as long as it likes. */
const SEEK_MS = 100;

/** The longest that a turn is sought in which nobody connected; there is one unless more connect than are let in. */
const LONGEST_SEEK_MS = 10_000;

const acceptedAt = ({ listener }: Host): number => listener?.acceptedAt ?? 0;

/**
 * Lets the address go right after a turn in which nobody connected and hardly anything else happened, and emits. When no
 * such turn is found in time, after one in which nobody connected; and when there is none of those either, at last.
 *
 * Closing a listening socket resets the connections in its queue: those that came after the event loop last looked, and
 * it accepts one in each turn, before it runs this. A turn without one has seen the queue empty; after a process has
 * stood still there may be hundreds in it. (Telling the kernel to let in fewer makes it worse: it drops the last word of
 * handshakes then, and clients who believe that they are connected are reset.)
 */
const calm = (host: Host, limitMs: number): Observable<unknown> =>
  defer(() => {
    let turnedAt = performance.now();
    const calmUntil = turnedAt + Math.min(SEEK_MS, limitMs);
    const until = turnedAt + Math.min(LONGEST_SEEK_MS, limitMs);
    return yieldTurn().pipe(
      repeat(),
      filter((_, turn) => {
        const before = turnedAt;
        turnedAt = performance.now();
        // The first of them may be what is left of the present turn, in which nobody was accepted.
        if (turn === 0) return false;
        if (acceptedAt(host) > before) return turnedAt >= until;
        return turnedAt - before <= CALM_MS || turnedAt >= calmUntil;
      }),
      tap(() => host.letGo()),
      take(1),
    );
  });

/** Emits when the address can be let go with the least harm: nobody has connected for a while, or time is up. */
const quiet = (host: Host, limitMs: number): Observable<unknown> =>
  defer(() => {
    const startedAt = performance.now();
    // Who gets in at the last moment needs time to be answered: at least half of what there is.
    const until = startedAt + Math.min(LAME_DUCK_MS, limitMs / 2);
    let last = acceptedAt(host);
    let looks = startedAt - last >= QUIET_MS ? QUIET_LOOKS : 0;
    // Each look comes after sockets were looked at: after a timer follows the rest of its turn, otherwise a whole one.
    const turns$ = concat(yieldTurn().pipe(concatMap(yieldTurn)), interval(LOOK_MS).pipe(concatMap(yieldTurn)));
    return turns$.pipe(
      concatMap(() => {
        looks = acceptedAt(host) === last ? looks + 1 : 0;
        last = acceptedAt(host);
        if (looks >= QUIET_LOOKS) return of(undefined);
        return performance.now() < until ? EMPTY : calm(host, limitMs / 2);
      }),
      take(1),
    );
  });

/**
 * Lets a host finish what it accepted, then gives its address back.
 *
 * While the address is still held, newcomers are answered and told to leave with that answer; then it is released;
 * then what is left is waited for. Another holder of the address keeps it: then only the connections are asked to go.
 *
 * Emits progress, completes when nothing is left, at the latest after `timeoutMs` (and a turn). Never errors. Cold;
 * unsubscribing gives the address back at once and leaves the connections alone.
 *
 * @param hurry$ - gives the address back as soon as it emits: somebody else waits for it.
 */
export const retire = (host: Host, timeoutMs: number, hurry$: Observable<unknown>): Observable<DrainProgress> =>
  defer(() => {
    let held = host.listener !== undefined;
    const hold$ = host.door$.pipe(
      ignoreElements(),
      takeUntil(merge(quiet(host, timeoutMs), hurry$)),
      // A socket that fails now is one address less to give back.
      catchError(() => EMPTY),
      finalize(() => {
        held = false;
      }),
    );
    return merge(
      held ? hold$ : EMPTY,
      host.server.drain(timeoutMs, () => held),
    );
  });
