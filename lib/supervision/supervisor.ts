import {
  distinctUntilChanged,
  EMPTY,
  filter,
  firstValueFrom,
  map,
  merge,
  type Observable,
  of,
  queueScheduler,
  Subject,
} from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';
import { consolaLogger } from '../log/consola.ts';
import { guardLogger, type Logger } from '../log/logger.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import { NotRunnableError, type RunnableError, type StartTimeoutError } from './errors.ts';
import { type Life, type LifeEvent, newLife, type Round, type StopOptions, type SupervisorState } from './life.ts';
import { limitsOf } from './limits.ts';
import { createLives } from './lives.ts';
import { uniqueNames } from './names.ts';
import { missingParts } from './parts.ts';
import { runLife } from './run-life.ts';
import type { Runnable } from './runnable.ts';
import { signals$ } from './signals.ts';

/** How long a supervisor waits, what else stops it, and where it logs. */
export interface SupervisorOptions {
  /** Its name when another supervisor looks after it; `supervisor` by default. */
  readonly name?: string;
  /**
   * Milliseconds each runnable has until it is `Running`, and until a reload or a restart of it is done; 120 000 by
   * default: a cluster of many servers binds in seconds, a database may replay its log first.
   */
  readonly startTimeoutMs?: number;
  /** Milliseconds each runnable has to stop; 35 000 by default: the 30 s servers drain for, and 5 to finish. */
  readonly stopTimeoutMs?: number;
  /** Milliseconds all of them together have to stop; 120 000 by default. */
  readonly shutdownTimeoutMs?: number;
  /**
   * Whether to handle signals while it runs; `false` by default. SIGINT, SIGTERM and SIGQUIT stop it gracefully;
   * another of them, or the same one again half a second later or more, ends the process at once with status 130, 143
   * or 131. The same signal sooner is taken for an echo: `npm` passes on what the terminal has sent to everybody already.
   * SIGHUP reloads. SIGUSR2 restarts, and is left alone when none of the runnables has `restart()`.
   */
  readonly signals?: boolean;
  /** Stops it when aborted. */
  readonly signal?: AbortSignal;
  /** Where it says what it does; consola by default, which says warnings, errors, and that ctrl-C was heard. */
  readonly logger?: Logger;
}

/** What came of stopping. */
export interface ShutdownReport {
  /** Milliseconds from the call until everything had stopped or was given up on; 0 when nothing ran. */
  readonly durationMs: number;
  /** Names of runnables whose `stop()` took too long; they may still be at it. */
  readonly abandoned: readonly string[];
  /** Names of runnables whose `stop()` threw or rejected. */
  readonly failed: readonly string[];
}

/** Starts runnables in order, looks after them, and stops them in reverse order. */
export interface Supervisor extends Runnable {
  readonly name: string;
  /**
   * Hot; replays the present state, one emission per change, never errors. Completes with the `Stopped` or `Error`
   * that ends a life; subscribed to after that it replays it and completes, until it is started again.
   */
  readonly state$: Observable<SupervisorState>;
  /**
   * The last state of every runnable that has told one, by name. Hot; replays the latest, one emission per real
   * change, never errors; completes with the end of a life, like `state$`.
   */
  readonly states$: Observable<Readonly<Record<string, string>>>;
  /** Why the last life ended in `Error`. */
  readonly error: RunnableError | StartTimeoutError | undefined;
  /**
   * Starts one runnable after the other, each when the one before is `Running`.
   *
   * Resolves when all of them are, or when it was stopped before they could be. Idempotent; called while stopping, it
   * starts again after that, unless `stop()` is called once more.
   *
   * @throws StartTimeoutError, RunnableError when one could not be started, after the others have been stopped.
   */
  start(): Promise<void>;
  /**
   * Stops what was started, the last first. Idempotent; called while starting, what has not been started never is.
   *
   * Never rejects and never takes longer than `shutdownTimeoutMs`: what overruns or fails is in the report.
   */
  stop(options?: StopOptions): Promise<ShutdownReport>;
  /**
   * Has every runnable that can read its configuration again, one after the other. Resolves when all have; failures are
   * logged. Returns at once when a reload is going on already, and when it does not run.
   */
  reload(): Promise<void>;
  /**
   * Has every runnable that can replace what it runs, one after the other; the state is `Reloading` meanwhile. Resolves
   * when all have; failures are logged. Returns at once when a reload or a restart is going on already, and when it does
   * not run. Absent when none of them can.
   */
  restart?(): Promise<void>;
}

/**
 * A supervisor for `runnables`; it does nothing until it is started.
 *
 * A runnable that fails stops the others, the last started first, and ends the life in `Error`. One that ends by itself
 * is logged and the others stay; when all have ended the supervisor is `Stopped`. It can be started again after either.
 * A failed runnable is not started again by itself: what can recover does so without leaving `Running`.
 *
 * @throws OptionsError when a timeout is neither between 0 and 2 147 483 647 (what a timer can count) nor `Infinity`;
 *   NotRunnableError when one of `runnables` lacks `start()`, `stop()` or `state$`.
 */
export const createSupervisor = (runnables: readonly Runnable[], options: SupervisorOptions = {}): Supervisor => {
  const limits = limitsOf(options);
  const logger = guardLogger(options.logger ?? consolaLogger());
  const report = (error: unknown): void => logger.error('a subscriber of a supervisor failed', error);
  const first = newLife(membersOf(runnables));

  const requests = new Subject<LifeEvent>();
  const lives = createLives(first, () => {
    // The order matters: a signal that has aborted already stops it before it begins.
    const inputs$ = merge(requests, aborts(options.signal), osSignals(options, canRestart(first)), of(beginning));
    return runLife(runnables, first, limits, inputs$, logger);
  });

  const start = async (): Promise<void> => {
    const life = await lives.start();
    if (life?.error !== undefined) throw life.error;
  };

  const stop = async (stopOptions?: StopOptions): Promise<ShutdownReport> => {
    const beganAt = performance.now();
    const life = await lives.stop(() => requests.next({ type: 'stop', options: stopOptions }));
    if (life === undefined) return { durationMs: 0, abandoned: [], failed: [] };
    const { abandoned, failedToStop } = life;
    return { durationMs: performance.now() - beganAt, abandoned, failed: failedToStop };
  };

  const ask = async (round: Round): Promise<void> => {
    const request = Symbol(round);
    const { life$ } = lives;
    requests.next({ type: round, request });
    // Behind the request, which waits its turn when this is called from inside a runnable.
    await new Promise<void>((resolve) => queueScheduler.schedule(resolve));
    if (lives.current.request === request) await firstValueFrom(life$.pipe(filter((life) => life.request !== request)));
  };

  return {
    name: options.name ?? 'supervisor',
    state$: guarded(
      lives.life$.pipe(
        map((life) => life.state),
        distinctUntilChanged(),
      ),
      report,
    ),
    states$: guarded(
      lives.life$.pipe(
        map((life) => life.states),
        distinctUntilChanged(),
        filter((states) => states !== first.states),
      ),
      report,
    ),
    get error() {
      return lives.current.error;
    },
    start,
    stop,
    reload: () => ask('reload'),
    ...(canRestart(first) && { restart: () => ask('restart') }),
  };
};

const membersOf = (runnables: readonly Runnable[]): Parameters<typeof newLife>[0] => {
  if (!Array.isArray(runnables)) throw new OptionsError('runnables', `an array, not ${received(runnables)}`);
  runnables.forEach((runnable: unknown, index) => {
    // Callers without types find out here, rather than when it is its turn and others run.
    const missing = missingParts(runnable);
    if (missing.length > 0) throw new NotRunnableError(index + 1, missing);
  });
  const names = uniqueNames(runnables);
  return runnables.map((runnable, index) => ({
    name: names[index] ?? '',
    canReload: runnable.reload !== undefined,
    canRestart: runnable.restart !== undefined,
  }));
};

const canRestart = ({ members }: Life): boolean => members.some((member) => member.canRestart);

const beginning: LifeEvent = { type: 'begin' };

const aborts = (signal: AbortSignal | undefined): Observable<LifeEvent> =>
  signal === undefined ? EMPTY : fromAbortSignal(signal).pipe(map(() => ({ type: 'stop' }) as const));

/**
 * Who presses ctrl-C waits for a word: seeing none, people press it again, which cuts everybody off. The default logger
 * says warnings only; any other decides for itself.
 */
const osSignals = ({ signals = false, logger }: SupervisorOptions, restarts: boolean): Observable<LifeEvent> =>
  signals
    ? signals$(['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', ...(restarts ? (['SIGUSR2'] as const) : [])]).pipe(
        map((signal) => {
          const aloud = signal === 'SIGINT' && logger === undefined;
          return { type: 'signal', signal, atMs: performance.now(), aloud } as const;
        }),
      )
    : EMPTY;
