import type { HealthStatus } from '../health/health.ts';
import type { HealthState } from '../health/thresholds.ts';

/** What there is to say about the health of a server. */
export interface HealthReport {
  /** The id of the server. */
  readonly server: string;
  readonly health: HealthState;
  /**
   * What is worth a line: its status is another one; it is being restarted because it is down, or that failed; former
   * connections had to be cut; it was restarted as often as it may be. Absent when it is only to be shown.
   */
  readonly news?: HealthStatus | 'restart' | 'restart-failed' | 'cut' | 'given-up';
  /** Why it could not be restarted, or is not any more. */
  readonly error?: Error;
  /** Connections that were cut. */
  readonly cut?: number;
}

/** As far as it matters to people: everything but how long things took. */
export const looksAlike = (a: HealthState, b: HealthState): boolean =>
  a.status === b.status &&
  a.rising === b.rising &&
  a.falling === b.falling &&
  a.message === b.message &&
  a.checks > 0 === b.checks > 0;

/**
 * The status of a server, when it is another one than was told last. Pure.
 *
 * On its way up for the first time it is no news: that it is not there yet is how everything begins.
 *
 * @param told - what was told last; `undefined` before the first time.
 */
export const statusNews = (
  told: HealthStatus | undefined,
  { status, rising, checks }: Pick<HealthState, 'status' | 'rising' | 'checks'>,
): HealthStatus | undefined => (checks === 0 || status === told || (told === undefined && rising) ? undefined : status);
