import type { CertificateStatus } from '../encryption.ts';

const DAY_MS = 86_400_000;

/** How a certificate that ends at `validTo` is at `now`, and when that changes next. */
export interface Reading {
  readonly state: CertificateStatus['state'];
  /** Milliseconds since the epoch; `Infinity` when it stays as it is. */
  readonly changesAt: number;
}

/** Looks at the calendar; all times are milliseconds since the epoch. Pure. */
export const readCalendar = (validTo: number, warnBeforeDays: number, now: number): Reading => {
  const warnFrom = validTo - warnBeforeDays * DAY_MS;
  if (now >= validTo) return { state: 'expired', changesAt: Number.POSITIVE_INFINITY };
  return now >= warnFrom ? { state: 'expiring', changesAt: validTo } : { state: 'valid', changesAt: warnFrom };
};
