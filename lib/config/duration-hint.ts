const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|min|h|d)$/i;
const START = 'milliseconds: ';

/** What to write where milliseconds are expected and a text with a unit stands: `"5s"` is `milliseconds: 5000`. */
export const durationHint = (key: string | undefined, value: unknown): string | undefined => {
  if (key?.endsWith('Ms') !== true || typeof value !== 'string') return undefined;
  const [, amount, unit] = DURATION.exec(value) ?? [];
  const factor = UNITS[unit?.toLowerCase() ?? ''];
  return factor === undefined ? undefined : `${START}${Math.round(Number(amount) * factor)}`;
};

/** The same hint when nobody may see the value it was made of. */
export const withoutDuration = (hint: string): string =>
  hint.startsWith(START) ? 'milliseconds, without a unit' : hint;
