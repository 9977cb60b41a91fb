/**
 * Whether a text is an IPv4 address in its one canonical form: four decimal numbers up to 255 without leading zeros.
 *
 * The short, octal and hexadecimal forms of `inet_aton` (`127.1`, `0177.0.0.1`, `0x7f000001`) are not: programs disagree
 * about what they mean.
 */
export const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
};

/**
 * Reads an IPv6 address without brackets and without a zone.
 *
 * @returns its eight 16-bit groups, or `undefined` when it is not one.
 * @see RFC 4291, section 2.2, for the three text forms.
 */
export const parseIpv6 = (text: string): readonly number[] | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  return [...head, ...new Array<number>(gap).fill(0), ...tail];
};

/** The groups of one side of `::`. A dotted IPv4 address may stand for the last two groups of the whole address. */
const groupsOf = (text: string, mayEndDotted: boolean): number[] | undefined => {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else if (mayEndDotted && index === parts.length - 1 && isIpv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      return undefined;
    }
  }
  return groups;
};

/**
 * The canonical text of an IPv6 address: lower case, no leading zeros, the longest run of at least two zero groups
 * (the first of equals) as `::`, no dotted tail.
 *
 * @see RFC 5952, section 4.
 */
export const formatIpv6 = (groups: readonly number[]): string => {
  let start = -1;
  let length = 1;
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === 0) end++;
    if (end - at > length) {
      start = at;
      length = end - at;
    }
    if (end > at) at = end;
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
};

/** The IPv4 address inside `::ffff:a.b.c.d`, or `undefined` when the address is not such a mapped one. */
export const mappedIpv4 = (groups: readonly number[]): string | undefined => {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  if (a !== 0 || b !== 0 || c !== 0 || d !== 0 || e !== 0 || f !== 0xffff) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};
