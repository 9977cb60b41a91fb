import type { StickyKey } from '../../config/balance-config.ts';

/** A request as far as finding its key needs to know it. */
export interface Keyed {
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** Says what a request is known by; `undefined` when it has nothing of the kind. */
export type KeyReader = (request: Keyed, clientAddress: () => string | undefined) => string | undefined;

const some = (text: string | undefined | null): string | undefined => (text === '' ? undefined : (text ?? undefined));

/** The values of a header, in order. */
const valuesOf = (rawHeaders: readonly string[], name: string): readonly string[] => {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const given = rawHeaders[at];
    const isIt = given !== undefined && given.length === name.length && given.toLowerCase() === name;
    if (isIt) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
};

/** The value of a cookie as it was sent: whoever made it knows what it means (RFC 6265 §4.2). */
const cookieOf = (rawHeaders: readonly string[], name: string): string | undefined => {
  for (const pairs of valuesOf(rawHeaders, 'cookie')) {
    for (const pair of pairs.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && pair.slice(0, equals).trim() === name) return some(pair.slice(equals + 1).trim());
    }
  }
  return undefined;
};

const parameterOf = (path: string, name: string): string | undefined => {
  const query = path.indexOf('?');
  return query < 0 ? undefined : some(new URLSearchParams(path.slice(query)).get(name));
};

/** Makes what finds the key in a request. An empty value is none, of several the first counts. */
export const readingKey = (key: StickyKey): KeyReader => {
  if (key === 'client-address') return (_, clientAddress) => clientAddress();
  if ('header' in key) return ({ rawHeaders }) => some(valuesOf(rawHeaders, key.header)[0]);
  if ('cookie' in key) return ({ rawHeaders }) => cookieOf(rawHeaders, key.cookie);
  return ({ path }) => parameterOf(path, key.query);
};
