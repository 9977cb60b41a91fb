import {
  asyncScheduler,
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  expand,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  switchMap,
  take,
  takeUntil,
  timer,
} from 'rxjs';
import type { RestartConfig } from '../config/server-config.ts';
import { decideRestart } from '../supervision/restart.ts';
import type { DrainProgress } from './server.ts';
import type { ServerStatus } from './state.ts';

export interface LifecycleOptions {
  /** Serves while subscribed: emits when it answers, errors when it crashes. Subscribed anew for every attempt. */
  readonly serve$: Observable<unknown>;
  /** How a crash is tried again; asked at every crash, so a changed policy counts from the next one on. */
  readonly restart: () => Required<RestartConfig>;
  /** Asks it to finish and leave, with the milliseconds it may take. Hot: `serve$` ends in the turn in which it emits. */
  readonly drain$: Observable<number>;
  /** Finishes what was accepted. Subscribed before `serve$` is left, so nothing both of them hold is let go in between. */
  readonly retire: (timeoutMs: number) => Observable<DrainProgress>;
  /** Restarts of an earlier life that are remembered. */
  readonly restarts: number;
  readonly random?: () => number;
  readonly scheduler?: SchedulerLike;
  /** A clock that does not jump; `performance.now` by default. */
  readonly now?: () => number;
}

interface Attempt {
  readonly status: ServerStatus;
  /** When it crashed, within the period that counts. */
  readonly crashes: readonly number[];
  /** Milliseconds until the next attempt; `undefined` while there is none to make. */
  readonly delayMs: number | undefined;
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/**
 * The life of one server, from its first attempt to its end.
 *
 * Emits `running` when it answers; after a crash `starting` with the cause, then `running` again once an attempt
 * succeeds; `failed` with the last cause when crashes come faster than `restart` allows, and stays that way. After
 * `drain$` it emits `draining`, then `stopped` with the number of cut connections, and completes.
 *
 * Cold, never errors. Unsubscribing is the axe: it stops serving in the same turn and waits for nobody.
 */
export const lifecycle = (options: LifecycleOptions): Observable<ServerStatus> =>
  defer(() => {
    const { serve$, restart, drain$, retire, random = Math.random, scheduler = asyncScheduler } = options;
    const now = options.now ?? (() => performance.now());
    let { restarts } = options;

    const crashed = (cause: unknown, earlier: readonly number[]): Attempt => {
      const verdict = decideRestart(earlier, now(), restart(), random);
      const error = asError(cause);
      return verdict.type === 'restart'
        ? { status: { state: 'starting', restarts, error }, crashes: verdict.crashes, delayMs: verdict.delayMs }
        : { status: { state: 'failed', restarts, error }, crashes: verdict.crashes, delayMs: undefined };
    };
    const attempt = (crashes: readonly number[]): Observable<Attempt> =>
      serve$.pipe(
        map((): Attempt => ({ status: { state: 'running', restarts }, crashes, delayMs: undefined })),
        catchError((cause: unknown) => of(crashed(cause, crashes))),
      );
    const serving$ = attempt([]).pipe(
      expand(({ delayMs, crashes }) =>
        delayMs === undefined
          ? EMPTY
          : timer(delayMs, scheduler).pipe(
              switchMap(() => {
                restarts += 1;
                return attempt(crashes);
              }),
            ),
      ),
      map(({ status }) => status),
    );
    const leaving$ = drain$.pipe(
      take(1),
      switchMap((timeoutMs) => {
        let cut = 0;
        return concat(
          of<ServerStatus>({ state: 'draining', restarts }),
          retire(timeoutMs).pipe(
            map((progress): ServerStatus => {
              cut = progress.cut;
              return { state: 'draining', restarts };
            }),
          ),
          defer(() => of<ServerStatus>({ state: 'stopped', restarts, cut })),
        );
      }),
      distinctUntilChanged((a, b) => a.state === b.state),
    );
    // The order matters: `leaving$` hears of the drain first and holds the address when `serving$` lets go of it.
    return merge(leaving$, serving$.pipe(takeUntil(drain$)));
  });
