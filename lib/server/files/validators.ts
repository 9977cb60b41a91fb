/** What says whether a client has the same content already. */
export interface Validators {
  /** An entity tag, quoted; weak ones begin with `W/`. */
  readonly etag: string;
  /** When it was last changed: milliseconds since the epoch, whole seconds. */
  readonly modifiedMs: number;
}

/**
 * A file that was written this shortly ago may be written again within the same tick of the file system's clock, and have
 * the same size. Two seconds are the coarsest clock in use (FAT); ext4's ticks are some milliseconds.
 */
const SETTLED_MS = 2_000;

/**
 * The validators of a file, from its size and the time of its last change. Pure.
 *
 * Not from its inode: copies on several machines have the same tag. Strong once the time can be relied on, so that
 * downloads can be resumed; weak until then.
 *
 * @param variant - the encoding it is in, or nothing: two representations never have the same tag.
 */
export const validatorsOf = (size: number, mtimeNs: bigint, variant: string, nowMs: number): Validators => {
  const mtimeMs = Number(mtimeNs / 1_000_000n);
  const opaque = [size.toString(36), mtimeNs.toString(36), ...(variant === '' ? [] : [variant])].join('-');
  const isSettled = nowMs - mtimeMs > SETTLED_MS;
  // A time in the future would be one at which nothing was changed yet (RFC 9110 §8.8.2.1).
  const modifiedMs = Math.floor(Math.min(mtimeMs, nowMs) / 1_000) * 1_000;
  return { etag: `${isSettled ? '' : 'W/'}"${opaque}"`, modifiedMs };
};

const IMF = /^[a-z]{3}, \d{2} [a-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/i;
const RFC_850 = /^[a-z]{6,9}, \d{2}-[a-z]{3}-\d{2} \d{2}:\d{2}:\d{2} GMT$/i;
const ASCTIME = /^[a-z]{3} [a-z]{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/i;

/** Milliseconds since the epoch of an HTTP date in one of its three forms (RFC 9110 §5.6.7); `undefined` for others. */
export const httpDate = (text: string): number | undefined => {
  if (!IMF.test(text) && !RFC_850.test(text) && !ASCTIME.test(text)) return undefined;
  const ms = Date.parse(ASCTIME.test(text) ? `${text} GMT` : text);
  return Number.isNaN(ms) ? undefined : ms;
};

const isWeak = (etag: string): boolean => etag.startsWith('W/');
const opaqueOf = (etag: string): string => (isWeak(etag) ? etag.slice(2) : etag);

/** RFC 9110 §8.8.3.2: both strong, and the same. */
const sameStrong = (a: string, b: string): boolean => a === b && !isWeak(a);

const holds = (list: string, matches: (etag: string) => boolean): boolean =>
  list.trim() === '*' || (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some(matches);

/** The headers of a request that make it conditional, by lower-case name. */
export type Conditions = (name: string) => string | undefined;

const isNewer = (since: string | undefined, { modifiedMs }: Validators): boolean | undefined => {
  const date = since === undefined ? undefined : httpDate(since);
  return date === undefined ? undefined : modifiedMs > date;
};

/**
 * What a conditional GET or HEAD comes to, in the order of RFC 9110 §13.2.2. Pure.
 *
 * @returns 412 when the client works with something else, 304 when it has it already, 200 otherwise.
 */
export const precondition = (header: Conditions, validators: Validators): 200 | 304 | 412 => {
  const { etag } = validators;
  const match = header('if-match');
  if (match !== undefined) {
    if (!holds(match, (one) => sameStrong(one, etag))) return 412;
  } else if (isNewer(header('if-unmodified-since'), validators) === true) {
    return 412;
  }
  const noneMatch = header('if-none-match');
  if (noneMatch !== undefined) return holds(noneMatch, (one) => opaqueOf(one) === opaqueOf(etag)) ? 304 : 200;
  return isNewer(header('if-modified-since'), validators) === false ? 304 : 200;
};

/**
 * Whether the part a client asks for is a part of what it has (`If-Range`, RFC 9110 §13.1.5). Pure.
 *
 * A weak validator never says so: bytes of two versions would be put together.
 */
export const rangeHolds = (ifRange: string | undefined, { etag, modifiedMs }: Validators): boolean => {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"') || isWeak(ifRange)) return sameStrong(ifRange, etag);
  return !isWeak(etag) && httpDate(ifRange) === modifiedMs;
};
