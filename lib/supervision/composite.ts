import {
  distinctUntilChanged,
  EMPTY,
  finalize,
  isObservable,
  map,
  merge,
  type Observable,
  observeOn,
  of,
  queueScheduler,
  Subject,
} from 'rxjs';
import { sameData } from '../config/plain-data.ts';
import { consolaLogger } from '../log/consola.ts';
import { guardLogger } from '../log/logger.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import { type ChildSnapshot, childrenOf } from './composite-children.ts';
import { type CompositeError, type CompositeEvent, newCompositeLife } from './composite-life.ts';
import type { CompositeMember } from './composite-member.ts';
import { type CompositeOptions, policyOf } from './composite-options.ts';
import type { CompositeOutcome } from './composite-outcome.ts';
import { ReloadError } from './errors.ts';
import type { StopOptions, SupervisorState } from './life.ts';
import { limitsOf } from './limits.ts';
import { createLives } from './lives.ts';
import { type CompositeSurroundings, runComposite } from './run-composite.ts';
import type { Runnable } from './runnable.ts';
import type { ShutdownReport } from './supervisor.ts';

/** A runnable made of runnables. */
export interface Composite extends Runnable {
  readonly name: string;
  /**
   * `Running` when all children are, and when there are none; `Reloading` while the membership changes or children
   * reload. A child that is being restarted does not show here, but in `children$`.
   *
   * Hot; replays the present state, one emission per change, never errors. Completes with the `Stopped` or `Error` that
   * ends a life; subscribed to after that it replays it and completes, until it is started again.
   */
  readonly state$: Observable<SupervisorState>;
  /**
   * Every child by name: its state, how far it is, how often it was restarted, and why.
   *
   * Hot; replays the latest, one emission per real change, never errors; completes with the end of a life, like `state$`.
   */
  readonly children$: Observable<Readonly<Record<string, ChildSnapshot>>>;
  /** The last state of every child by name, as it is now. */
  readonly childStates: Readonly<Record<string, string>>;
  /**
   * What became of every membership that `members` emitted.
   *
   * Hot, without replay, never errors or completes.
   */
  readonly outcomes$: Observable<CompositeOutcome>;
  /** Why the last life ended in `Error`. */
  readonly error: CompositeError | undefined;
  /**
   * Listens to `members` and starts the first ones, each when the one before is `Running`.
   *
   * Resolves when all of them are, or when it was stopped before they could be. Idempotent; called while stopping, it
   * starts again after that, unless `stop()` is called once more. A source of members that says nothing when it is
   * listened to again stands for the members that were in force last.
   *
   * @throws RunnableError, StartTimeoutError when one could not be started, after the others have been stopped;
   *   MembersError when the first members cannot be used, or there are none in time.
   */
  start(): Promise<void>;
  /**
   * Stops all children, the last started first, and stops listening to `members`. Idempotent; never rejects and never
   * takes longer than `shutdownTimeoutMs`: what overruns or fails is in the report.
   */
  stop(options?: StopOptions): Promise<ShutdownReport>;
  /**
   * Has every child that can read its configuration again, one after the other. While something else is going on it
   * waits; calls that wait share one reload. Resolves at once when the composite does not run.
   *
   * @throws ReloadError naming every child that failed, when the others have reloaded.
   */
  reload(): Promise<void>;
}

/**
 * A runnable made of runnables, whose membership follows an Observable; it does nothing until it is started.
 *
 * Children start in the order of the members, each when the one before is `Running`, and stop in reverse. Whenever
 * `members` emits, those that are new are started first, then those that changed are told their new config (or
 * replaced), and in the end those that have left are stopped; the others are not touched. When a new one cannot be
 * started the change is undone and those that ran keep running. While a change is on its way the newest of the next
 * ones waits. An error of `members` leaves those in force that are.
 *
 * A child that is no more is started again as its `restart` says, after a wait that grows, along with those `strategy`
 * names. One that is no more too often within a period ends the composite in `Error` with a `CrashLoopError`, all
 * others stopped; whatever the composite is part of decides what to do about that. A first start that fails is not
 * tried again: it undoes the change, and at the beginning it fails the composite.
 *
 * @param members - the members, or an Observable of all of them.
 * @throws OptionsError when a limit is out of range or a strategy is unknown.
 * @see Erlang/OTP `supervisor`, for restart types, strategies and intensity. Unlike there, crashes are counted for each
 *   child on its own: many that crash once are not a loop.
 * @example
 * ```ts
 * import { BehaviorSubject } from 'rxjs';
 * import { type Configurable, composite } from 'sluice';
 *
 * const runnable = (): Configurable => {
 *   const state$ = new BehaviorSubject('New');
 *   return { state$, start: () => state$.next('Running'), stop: () => state$.next('Stopped') };
 * };
 * const names$ = new BehaviorSubject([{ name: 'mail', runnable: runnable() }]);
 * const services = composite(names$);
 * await services.start();
 * console.log(services.childStates); // { mail: 'Running' }
 * names$.next([...names$.value, { name: 'queue', runnable: runnable() }]);
 * console.log(services.childStates); // { mail: 'Running', queue: 'Running' }
 * await services.stop();
 * ```
 */
export const composite = (
  members: readonly CompositeMember[] | Observable<readonly CompositeMember[]>,
  options: CompositeOptions = {},
): Composite => {
  const limits = limitsOf(options);
  const policy = policyOf(options);
  const { name } = policy;
  const logger = guardLogger(options.logger ?? consolaLogger());
  const complain = (error: unknown): void => logger.error('a subscriber of a composite failed', error);
  const first = newCompositeLife(policy);

  const requests = new Subject<CompositeEvent>();
  const outcomes = new Subject<CompositeOutcome>();
  const reloads = new Map<symbol, (error?: ReloadError) => void>();
  let remembered: readonly CompositeMember[] | undefined;
  let revision = 0;

  const surroundings: Omit<CompositeSurroundings, 'remembered'> = {
    limits,
    logger,
    self: () => self,
    members$: isObservable(members) ? members : of(members),
    nextRevision: () => {
      revision += 1;
      return revision;
    },
    settled: (outcome, inForce) => {
      if (inForce !== undefined) remembered = inForce;
      // Nobody pushed what an earlier life had, or the lack of anything.
      if (outcome.revision > 0) outcomes.next(outcome);
    },
    reloaded: (asked, failures) => {
      const error = failures.length > 0 ? new ReloadError(name, failures) : undefined;
      for (const request of asked) reloads.get(request)?.(error);
    },
    now: () => performance.now(),
    random: Math.random,
  };

  const lives = createLives(first, () => {
    // The order matters: a signal that has aborted already stops it before it begins.
    const inputs$ = merge(requests, aborts(options.signal), of(beginning));
    return runComposite(first, { ...surroundings, remembered }, inputs$).pipe(
      // A request that came too late for this life is answered with its end.
      finalize(() => {
        for (const answer of [...reloads.values()]) answer();
      }),
    );
  });

  const start = async (): Promise<void> => {
    const life = await lives.start();
    if (life?.error !== undefined) throw life.error;
  };

  const stop = async (stopOptions?: StopOptions): Promise<ShutdownReport> => {
    const beganAt = performance.now();
    const life = await lives.stop(() => requests.next({ type: 'stop', options: stopOptions }));
    const { abandoned = [], failedToStop: failed = [] } = life ?? {};
    return { durationMs: life === undefined ? 0 : performance.now() - beganAt, abandoned, failed };
  };

  const reload = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!lives.living) {
        resolve();
        return;
      }
      const request = Symbol('reload');
      reloads.set(request, (error) => {
        reloads.delete(request);
        if (error === undefined) resolve();
        else reject(error);
      });
      requests.next({ type: 'reload', request });
    });

  const self: Composite = {
    name,
    state$: guarded(
      lives.life$.pipe(
        map((life) => life.state),
        distinctUntilChanged(),
      ),
      complain,
    ),
    children$: guarded(
      lives.life$.pipe(
        map(childrenOf),
        distinctUntilChanged((a, b) => sameData(a, b)),
      ),
      complain,
    ),
    outcomes$: guarded(outcomes.pipe(observeOn(queueScheduler)), complain),
    get childStates() {
      return Object.fromEntries(Object.entries(childrenOf(lives.current)).map(([child, { state }]) => [child, state]));
    },
    get error() {
      return lives.current.error;
    },
    start,
    stop,
    reload,
  };
  return self;
};

const beginning: CompositeEvent = { type: 'begin' };

const aborts = (signal: AbortSignal | undefined): Observable<CompositeEvent> =>
  signal === undefined ? EMPTY : fromAbortSignal(signal).pipe(map(() => ({ type: 'stop' }) as const));
