import type { HealthSettings } from '../config/health-settings.ts';
import { reasonOf } from '../config/received.ts';
import type { CheckResult, Health, HealthStatus } from './health.ts';

/** How many results in a row lead from one status to the next. */
export type Thresholds = Pick<HealthSettings, 'riseToWarn' | 'riseToOk' | 'fallToWarn' | 'fallToDown'>;

/** Milliseconds of the life of a server by how it was; together they are all of it. */
interface Times {
  readonly up: number;
  readonly down: number;
  readonly rise: number;
  readonly fall: number;
}

/** How a server is, as its checks have shown; each check makes a new one. Instants are milliseconds of a monotonic clock. */
export interface HealthState {
  readonly status: HealthStatus;
  /** It has succeeded, and is on its way up. */
  readonly rising: boolean;
  /** It has failed, and is on its way down. */
  readonly falling: boolean;
  /** What the last check failed with; empty after a success. */
  readonly message: string;
  /** The same as it was thrown. */
  readonly error: Error | undefined;
  readonly checks: number;
  readonly latencyMs: number;
  /** Results in a row, all alike, that count towards the next status. */
  readonly streak: number;
  /** When it entered `status`. */
  readonly since: number;
  /** What was complete at `timedAt`; what has passed since belongs to the bucket it is in. */
  readonly times: Times;
  readonly timedAt: number;
}

const NO_TIME: Times = Object.freeze({ up: 0, down: 0, rise: 0, fall: 0 });

/** A server nobody has looked at yet: `down`, because nothing shows that it is not. */
export const initialHealth = (at: number): HealthState => ({
  status: 'down',
  rising: false,
  falling: false,
  message: 'not checked yet',
  error: undefined,
  checks: 0,
  latencyMs: 0,
  streak: 0,
  since: at,
  times: NO_TIME,
  timedAt: at,
});

type Standing = Pick<HealthState, 'status' | 'rising' | 'falling' | 'streak'>;

const DOWN: Standing = { status: 'down', rising: false, falling: false, streak: 0 };
const OK: Standing = { status: 'ok', rising: false, falling: false, streak: 0 };

const afterSuccess = ({ status, rising, streak }: HealthState, { riseToWarn, riseToOk }: Thresholds): Standing => {
  if (status === 'ok') return OK;
  const successes = rising ? streak + 1 : 1;
  if (status === 'down') {
    if (successes < riseToWarn) return { status, rising: true, falling: false, streak: successes };
    return { status: 'warn', rising: true, falling: false, streak: 0 };
  }
  return successes < riseToOk ? { status, rising: true, falling: false, streak: successes } : OK;
};

const afterFailure = ({ status, falling, streak }: HealthState, { fallToWarn, fallToDown }: Thresholds): Standing => {
  if (status === 'down') return DOWN;
  const failures = falling ? streak + 1 : 1;
  if (status === 'ok') {
    if (failures < fallToWarn) return { status, rising: false, falling: true, streak: failures };
    return { status: 'warn', rising: false, falling: true, streak: 0 };
  }
  return failures < fallToDown ? { status, rising: false, falling: true, streak: failures } : DOWN;
};

/**
 * What follows from one more check.
 *
 * Results count only in a row: one of the other kind begins anew.
 *
 * | From | Result | To | Meanwhile |
 * |---|---|---|---|
 * | `down` | `riseToWarn` successes | `warn`, rising | `down`, rising |
 * | `warn` | `riseToOk` successes | `ok` | `warn`, rising |
 * | `ok` | success | `ok` | |
 * | `ok` | `fallToWarn` failures | `warn`, falling | `ok`, falling |
 * | `warn` | `fallToDown` failures | `down` | `warn`, falling |
 * | `down` | failure | `down` | |
 *
 * @param at - when the check ended, by the clock that `initialHealth` was told; not before the check that `state` is of.
 */
export const afterCheck = (
  state: HealthState,
  result: CheckResult,
  at: number,
  thresholds: Thresholds,
): HealthState => {
  const next = result.ok ? afterSuccess(state, thresholds) : afterFailure(state, thresholds);
  const stays = bucketOf(next) === bucketOf(state);
  return {
    ...next,
    message: result.ok ? '' : messageOf(result.error),
    error: result.ok ? undefined : result.error,
    checks: state.checks + 1,
    latencyMs: result.latencyMs,
    since: next.status === state.status ? state.since : at,
    times: stays ? state.times : timesAt(state, at),
    timedAt: stays ? state.timedAt : at,
  };
};

/** An error message may hold a whole page; this one stands in tables and events. */
const LONGEST_MESSAGE = 200;

/** Never empty: that would say that all is well. */
const messageOf = (error: Error): string => reasonOf(error, LONGEST_MESSAGE) || 'the check failed';

/** The one bucket the present belongs to: `warn` is always on its way up or down, so these four are all there is. */
const bucketOf = ({ rising, falling, status }: Standing): keyof Times => {
  if (rising) return 'rise';
  if (falling) return 'fall';
  return status === 'down' ? 'down' : 'up';
};

const timesAt = (state: HealthState, at: number): Times => {
  const bucket = bucketOf(state);
  return { ...state.times, [bucket]: state.times[bucket] + at - state.timedAt };
};

/**
 * What a state looks like from outside at an instant.
 *
 * Every moment of the life belongs to exactly one bucket, from one check's end to the next:
 *
 * | Bucket | Holds |
 * |---|---|
 * | `uptimeMs` | `ok`, and the last check succeeded |
 * | `fallTimeMs` | `ok` or `warn`, and the last check failed |
 * | `downtimeMs` | `down`, and the last check failed, or there was none yet |
 * | `riseTimeMs` | `down` or `warn`, and the last check succeeded |
 *
 * They add up to `now` less the instant of `initialHealth`.
 *
 * @param now - by the clock of the state.
 * @param wallNow - the same instant in milliseconds since the epoch.
 */
export const healthOf = (state: HealthState, now: number, wallNow: number): Health => {
  const times = timesAt(state, now);
  return {
    status: state.status,
    rising: state.rising,
    falling: state.falling,
    message: state.message,
    checks: state.checks,
    latencyMs: state.latencyMs,
    since: Math.round(wallNow - (now - state.since)),
    uptimeMs: times.up,
    downtimeMs: times.down,
    riseTimeMs: times.rise,
    fallTimeMs: times.fall,
  };
};
