import type { Part } from './entry.ts';

/** A drain time that servers can be told; anything else leaves them their own. */
const isDrainTime = (ms: number | undefined): ms is number => ms !== undefined && Number.isInteger(ms) && ms >= 0;

/** Servers that run and are about to leave, with another time to do so, by id; those to whom it makes no difference are not among them. */
export const hurriedParts = (
  leaving: readonly Part[],
  drainTimeoutMs: number | undefined,
): ReadonlyMap<string, Part> => {
  if (!isDrainTime(drainTimeoutMs)) return new Map();
  const later = leaving.filter(
    ({ wanted, spec }) => wanted && !spec.disabled && spec.limits.drainTimeoutMs !== drainTimeoutMs,
  );
  return new Map(
    later.map(({ id, key, config, base, spec, wanted }) => {
      return [id, { id, key, config, spec, wanted, base: { ...base, drainTimeoutMs } }];
    }),
  );
};
