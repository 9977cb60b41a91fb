/** The value below which `share` of the values lie, interpolated between neighbours; `NaN` without values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const least = (values: readonly number[]): number => Math.min(...values);

/** Fisher–Yates, so that no variant always runs after the same neighbour. */
export const shuffled = <T>(values: readonly T[]): T[] => {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    const [a, b] = [result[last], result[other]];
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a];
  }
  return result;
};

const digits = (value: number): string => {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-GB');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.1 || size === 0 ? value.toFixed(2) : value.toPrecision(2);
};

/** A number with as many digits as are worth reading. */
export const round = digits;

/** `median (least–most)`. */
export const spread = (values: readonly number[]): string =>
  `${digits(median(values))} (${digits(least(values))}–${digits(Math.max(...values))})`;

/** `0.985×` */
export const ratio = (value: number): string =>
  Number.isFinite(value) ? `${value >= 0.1 ? value.toFixed(3) : value.toPrecision(2)}×` : '–';
