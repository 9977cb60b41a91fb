import { Observable, type SchedulerLike, type Subscriber, type Unsubscribable } from 'rxjs';
import type { HealthSettings } from '../config/health-settings.ts';
import { reasonOf } from '../config/received.ts';
import { HealthCheckError } from './errors.ts';
import type { CheckResult } from './health.ts';
import { afterCheck, type HealthState, initialHealth } from './thresholds.ts';

/**
 * One check: the server is not well when it throws, when what it returns rejects, or when that is `false`.
 *
 * The signal is aborted when the check has taken too long, when nobody wants to know any more, and when it is over, so
 * that nothing it began outlives it.
 */
export type RunCheck = (signal: AbortSignal) => unknown;

/** What a monitor goes by; the check itself is given as a function. */
export type MonitorSettings = Omit<HealthSettings, 'check' | 'heal'>;

/** What a monitor may be told besides. */
export interface MonitorOptions {
  /** A monotonic clock in milliseconds; the scheduler's own, or `performance.now()`. */
  readonly now?: () => number;
  /** Moves time in tests. Without it timers are Node's, and let the process end. */
  readonly scheduler?: SchedulerLike;
  /**
   * From 0 to 1: by how much of half an interval the second check comes earlier. Monitors that begin together and have
   * phases of their own are spread over that time, for as long as they run. 0 by default.
   */
  readonly phase?: number;
  /** What an earlier monitor of the same server found, by the same clock; where this one goes on. */
  readonly from?: HealthState;
}

/**
 * Looks after one server: checks it at once, and again and again, one check at a time.
 *
 * The pause from the end of one check to the next is `riseIntervalMs` while the server is rising, `fallIntervalMs` while
 * it is falling, and `intervalMs` otherwise. A check that has not ended after `timeoutMs` has failed; its signal is
 * aborted and what still comes of it is ignored. One that does not obey its signal may then run beside the next one.
 * After a time in which the whole process stood still, the check under way may take `timeoutMs` once more.
 *
 * Shape: cold. Emits the state before the first check at once, then one state after each check; never completes, never
 * errors. Unsubscribing aborts the check under way and stops the timers. Costs one timer at a time and nothing else
 * between checks.
 */
export const monitor = (
  check: RunCheck,
  settings: MonitorSettings,
  options: MonitorOptions = {},
): Observable<HealthState> =>
  new Observable((subscriber) => {
    const watch = new Watch(check, settings, options, subscriber);
    subscriber.add(watch);
    watch.begin();
  });

/** A class rather than a tower of operators: there may be a thousand of these. */
class Watch implements Unsubscribable {
  readonly #check: RunCheck;
  readonly #settings: MonitorSettings;
  readonly #subscriber: Subscriber<HealthState>;
  readonly #now: () => number;
  readonly #later: Later;
  readonly #phase: number;
  #state: HealthState;
  /** Until the next check while there is none, until the present one has taken too long otherwise. */
  #timer: Unsubscribable | undefined;
  /** Of the check under way. */
  #controller: AbortController | undefined;
  #isFirst = true;

  constructor(
    check: RunCheck,
    settings: MonitorSettings,
    options: MonitorOptions,
    subscriber: Subscriber<HealthState>,
  ) {
    const { scheduler, now = scheduler === undefined ? monotonic : () => scheduler.now(), phase = 0, from } = options;
    this.#check = check;
    this.#settings = settings;
    this.#subscriber = subscriber;
    this.#now = now;
    this.#later = scheduler === undefined ? unrefTimer : (work, ms) => scheduler.schedule(work, ms);
    this.#phase = phase;
    this.#state = from ?? initialHealth(now());
  }

  begin(): void {
    this.#subscriber.next(this.#state);
    if (!this.#subscriber.closed) this.#look();
  }

  unsubscribe(): void {
    this.#timer?.unsubscribe();
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.abort();
  }

  #look(): void {
    const controller = new AbortController();
    const startedAt = this.#now();
    this.#controller = controller;
    const end = (error: Error | undefined): void => {
      // It was given up, or says two things: what a thenable calls is its own affair.
      if (this.#controller !== controller) return;
      this.#controller = undefined;
      this.#timer?.unsubscribe();
      controller.abort(error);
      const at = this.#now();
      const latencyMs = at - startedAt;
      this.#learn(error === undefined ? { ok: true, latencyMs } : { ok: false, latencyMs, error }, at);
    };
    const fail = (thrown: unknown): void => end(asError(thrown));
    // As `await` has it: what a thenable comes to may be one itself.
    const settle = (result: unknown): void => {
      try {
        if (isThenable(result)) result.then(settle, fail);
        else end(verdict(result));
      } catch (thrown) {
        fail(thrown);
      }
    };
    this.#limit(() => end(tooLong(this.#settings.timeoutMs)));
    try {
      settle(this.#check(controller.signal));
    } catch (thrown) {
      fail(thrown);
    }
  }

  /**
   * Ends a check that takes too long. A timer that comes as late again says that the whole process stood still: nobody
   * could answer, and nobody would have heard it. What is under way then gets its time once more.
   */
  #limit(expire: () => void): void {
    const { timeoutMs } = this.#settings;
    const dueAt = this.#now() + timeoutMs;
    const hasStoodStill = (): boolean => this.#now() - dueAt >= timeoutMs;
    this.#timer = this.#later(() => {
      if (hasStoodStill()) this.#timer = this.#later(expire, timeoutMs);
      else expire();
    }, timeoutMs);
  }

  #learn(result: CheckResult, at: number): void {
    this.#state = afterCheck(this.#state, result, at, this.#settings);
    this.#subscriber.next(this.#state);
    if (this.#subscriber.closed) return;
    const pauseMs = this.#pauseMs() * (this.#isFirst ? 1 - this.#phase / 2 : 1);
    this.#isFirst = false;
    this.#timer = this.#later(() => this.#look(), pauseMs);
  }

  #pauseMs(): number {
    const { rising, falling } = this.#state;
    if (rising) return this.#settings.riseIntervalMs;
    return falling ? this.#settings.fallIntervalMs : this.#settings.intervalMs;
  }
}

type Later = (work: () => void, ms: number) => Unsubscribable;

const monotonic = (): number => performance.now();

/** RxJS's own timers keep a process alive; looking after servers is no reason for one to go on. */
const unrefTimer: Later = (work, ms) => {
  const timer = setTimeout(work, ms);
  timer.unref();
  return { unsubscribe: () => clearTimeout(timer) };
};

/** Called directly, without a promise around it, so that virtual time can move it. */
const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  'then' in value &&
  typeof value.then === 'function';

const tooLong = (timeoutMs: number): Error =>
  new HealthCheckError('ERR_HEALTH_TIMEOUT', `no answer within ${timeoutMs} ms`);

const verdict = (value: unknown): Error | undefined =>
  value === false ? new HealthCheckError('ERR_HEALTH_CHECK', 'the check answered false', { cause: value }) : undefined;

/** A proxy may throw when it is asked. */
const isError = (thrown: unknown): thrown is Error => {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
};

const asError = (thrown: unknown): Error => {
  if (isError(thrown)) return thrown;
  const message = thrown === undefined || thrown === null ? 'the check gave no reason' : reasonOf(thrown);
  return new HealthCheckError('ERR_HEALTH_CHECK', message, { cause: thrown });
};
