/** An encoding that files may lie compressed in beside themselves. */
export type Encoding = 'br' | 'zstd' | 'gzip';

/** The endings of files in each encoding, what compresses best first. */
export const ENCODING_SUFFIXES: Readonly<Record<Encoding, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };

const isEncoding = (name: string): name is Encoding => Object.hasOwn(ENCODING_SUFFIXES, name);
const ENCODINGS = Object.keys(ENCODING_SUFFIXES).filter(isEncoding);

/** One entry of the list, with its weight if it has one (RFC 9110 §12.4.2). */
const ENTRY = /^([\w!#$%&'*+.^`|~-]+)[ \t]*(?:;[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*)?$/i;

/** The weights by name; entries that cannot be read are not there. */
const weightsOf = (header: string): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>();
  for (const entry of header.split(',')) {
    const [, name, weight = '1'] = ENTRY.exec(entry.trim()) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase().replace(/^x-gzip$/, 'gzip'), Math.min(Number(weight), 1));
  }
  return weights;
};

/**
 * The encodings a client prefers over none, best first (RFC 9110 §12.5.3). Pure.
 *
 * Without a header it gets no encoding: it may be a program that writes what it gets to a file. Of equal weights the
 * one that compresses better wins.
 */
export const acceptedEncodings = (header: string | undefined): readonly Encoding[] => {
  if (header === undefined || header === '') return [];
  const weights = weightsOf(header);
  const others = weights.get('*') ?? 0;
  const plain = weights.get('identity') ?? 0;
  const weightOf = (encoding: Encoding): number => weights.get(encoding) ?? others;
  return ENCODINGS.filter((encoding) => weightOf(encoding) > 0 && weightOf(encoding) >= plain).sort(
    (a, b) => weightOf(b) - weightOf(a),
  );
};
