import { oneLine } from '../../config/received.ts';
import type { Secret } from '../../config/secrets.ts';

/** Where to ask, and how that is called where people see it. */
export interface HttpTarget {
  /** Without user and password. */
  readonly url: URL;
  /** By name in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL without anything that may be a secret: user, password and query are left out. */
  readonly shown: string;
  /** What must not appear in any message. */
  readonly secrets: readonly Secret[];
}

/**
 * Takes apart what somebody wants to be asked. A user and a password in the URL become a header. Pure.
 *
 * @returns `undefined` for what is no http or https URL.
 */
export const targetOf = (given: string | URL, headers: Readonly<Record<string, string>>): HttpTarget | undefined => {
  if (!URL.canParse(given)) return undefined;
  const url = new URL(given);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const { username, password, search } = url;
  const credentials = [username, password].map(decoded).join(':');
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const all =
    credentials === ':' ? own : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, ...own };
  url.username = '';
  url.password = '';
  url.hash = '';
  return {
    url,
    headers: all,
    shown: `${url.origin}${url.pathname}${search === '' ? '' : '?…'}`,
    secrets: [
      ...Object.entries(all).flatMap(([name, value]) => (PLAIN.test(name) ? [] : secretsOf(`headers.${name}`, value))),
      ...secretsOf('password', decoded(password)),
      ...[...url.searchParams].flatMap(([name, value]) => secretsOf(`query.${name}`, value)),
    ],
  };
};

/** How a URL that cannot be asked is called: without what stands before an `@`, or after a `?`. Pure. */
export const shownUrl = (given: string | URL): string =>
  oneLine(
    String(given)
      .replace(/\/\/[^/]*@/, '//')
      .replace(/[?#].*$/s, '?…'),
  );

/** Shorter ones are words that messages use by themselves. */
const LEAST = 4;

/** The value, and for `Bearer x` the part that is the secret. */
const secretsOf = (name: string, value: string): readonly Secret[] =>
  [value, value.slice(value.lastIndexOf(' ') + 1)]
    .filter((text) => text.length >= LEAST && text !== 'json' && text !== 'yaml')
    .map((text) => ({ path: name, written: name, values: { [name]: text } }));

/** Headers that say what is wanted, and by what program. */
const PLAIN = /^(?:accept.*|user-agent|cache-control)$/;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone percent sign: taken as it stands.
  }
};
