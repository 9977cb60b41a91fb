import { formatAddress, parseAddress } from '../config/address.ts';
import { nearest } from '../config/nearest.ts';
import { oneLine } from '../config/received.ts';
import { PoolError } from './errors.ts';
import { compileGlob } from './glob.ts';
import { compilePattern } from './pattern.ts';
import type { PoolServer } from './pool-server.ts';

/** What servers are looked for by. */
export type PoolField = 'name' | 'bind' | 'expose';

/**
 * Which servers are meant: those for which everything that is given holds; none when nothing is given. An empty text
 * counts as not given.
 */
export interface PoolMatch {
  /**
   * The whole text, whatever its case; for `bind` in any spelling of the address, for `expose` also the whole URL, with
   * or without a slash at its end.
   */
  readonly exact?: string;
  /**
   * Found anywhere in the text, in the same case. A text is of RE2's dialect and is compiled for an engine whose time is
   * linear, so it may come from anywhere; a `RegExp` is code of the program.
   */
  readonly pattern?: string | RegExp;
  /** The whole text, whatever its case, with `*` for anything and `?` for one character; for `expose` also the URL. */
  readonly glob?: string;
  /** Whatever else there is to say. Asked anew at every look, and last. */
  readonly where?: (server: PoolServer) => boolean;
  /** A pattern that does not compile matches nothing instead of throwing; `false` by default. */
  readonly lenient?: boolean;
}

/** Whether a server is one of those that are meant. */
export type Select = (server: PoolServer) => boolean;

type Test = (text: string) => boolean;

const FIELDS: readonly PoolField[] = ['name', 'bind', 'expose'];

const PARTS: readonly (keyof PoolMatch)[] = ['exact', 'pattern', 'glob', 'where', 'lenient'];

/** What other libraries call the same. */
const MEANT: ReadonlyMap<string, keyof PoolMatch> = new Map([
  ['regex', 'pattern'],
  ['regexp', 'pattern'],
  ['re', 'pattern'],
  ['equals', 'exact'],
  ['eq', 'exact'],
  ['wildcard', 'glob'],
  ['filter', 'where'],
]);

const nothing: Select = () => false;

/** One field of a server, as `list` shows it: `expose` is host and port. */
export const fieldOf = (server: PoolServer, field: PoolField): string => server[known(field)];

/**
 * Compiles what is meant into a predicate, once. What it says of a server is always of the present.
 *
 * Throws a `PoolError` (`ERR_POOL_PATTERN`) for a pattern that does not compile, or for what is no pattern at all.
 */
export const selectBy = (field: PoolField, match: PoolMatch): Select => {
  const by = known(field);
  assertMatch(match);
  const { exact, pattern, glob, where, lenient = false } = match;
  const parts: Select[] = [];
  // The URL is another name for where clients go: what stands for the whole text may stand for either.
  const whole = (test: Test): void => {
    parts.push(
      by === 'expose'
        ? (server) => test(server.expose) || test(withoutSlash(server.url))
        : (server) => test(server[by]),
    );
  };
  if (isGiven('exact', exact)) whole(sameText(by === 'bind' ? canonical(exact) : withoutSlash(exact)));
  if (isGiven('glob', glob)) whole(compileGlob(glob));
  if (pattern instanceof RegExp || isGiven('pattern', pattern)) {
    const test = patternTest(pattern, lenient);
    if (test === undefined) return nothing;
    parts.push((server) => test(server[by]));
  }
  if (where !== undefined) {
    if (typeof where !== 'function') throw unreadable("'where' is no function");
    parts.push(where);
  }
  const [only = nothing, ...others] = parts;
  return others.length === 0 ? only : (server) => parts.every((part) => part(server));
};

const patternTest = (pattern: string | RegExp, lenient: boolean): Test | undefined => {
  try {
    return compilePattern(pattern);
  } catch (cause) {
    if (lenient && cause instanceof PoolError) return undefined;
    throw cause;
  }
};

const unreadable = (
  message: string,
  hint = 'give { exact }, { pattern }, { glob } or { where: (server) => … }',
): PoolError => new PoolError('ERR_POOL_PATTERN', message, { hint });

/** What the types say, for those who have none: what nobody reads would match nothing, or everything. */
const assertMatch = (match: unknown): void => {
  if (typeof match === 'string') {
    throw unreadable(
      'a text does not say how it is to match',
      "write { exact: '…' }, { glob: '…' } or { pattern: '…' }",
    );
  }
  if (match instanceof RegExp) throw unreadable('a RegExp is only a part of a match', 'write { pattern: /…/ }');
  if (typeof match === 'function') throw unreadable('a function is only a part of a match', 'write { where: … }');
  if (typeof match !== 'object' || match === null || Array.isArray(match)) {
    throw unreadable(
      match === undefined ? 'nothing says which servers are meant' : 'what servers are looked for by is no record',
    );
  }
  for (const part of Object.keys(match)) {
    if (PARTS.some((known) => known === part)) continue;
    const near = MEANT.get(part.toLowerCase()) ?? nearest(part, PARTS);
    const hint = near === undefined ? `expected one of ${PARTS.join(', ')}` : `did you mean '${near}'?`;
    throw unreadable(`'${oneLine(part)}' is no part of a match`, hint);
  }
};

/** A URL without a path, however it ends. */
const withoutSlash = (text: string): string => text.replace(/^(https?:\/\/[^/?#]+)\/$/i, '$1');

/** Fields and texts may come from a request, where no compiler has looked at them. */
const known = (field: PoolField): PoolField => {
  if (FIELDS.includes(field)) return field;
  const hint = `write one of ${FIELDS.join(', ')}`;
  throw new PoolError('ERR_POOL_PATTERN', 'servers are looked for by a field that they do not have', { hint });
};

const isGiven = (part: string, text: unknown): text is string => {
  if (text === undefined || text === '') return false;
  if (typeof text === 'string') return true;
  throw new PoolError('ERR_POOL_PATTERN', `'${part}' is no text`, {
    hint: `give '${part}' as a text, or leave it out`,
  });
};

const sameText = (wanted: string): Test => {
  const folded = wanted.toLowerCase();
  return (text) => text === wanted || text.toLowerCase() === folded;
};

const canonical = (bind: string): string => {
  const read = parseAddress(bind);
  return read.ok ? formatAddress(read.address) : bind;
};
