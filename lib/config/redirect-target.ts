import type { Wording } from './wording.ts';

/** A piece of where clients are sent: text as it stands, a parameter of the route, or what its `*` took. */
export type RedirectPart = string | { readonly parameter: string } | { readonly rest: true };

/** Where clients are sent, taken apart. */
export interface RedirectTarget {
  /** Scheme, host and port; empty for a path on the same server. */
  readonly origin: string;
  /** What follows the origin; nothing in it can reach back into it. */
  readonly parts: readonly RedirectPart[];
}

const EXPECTED = "a path that starts with '/', or an http or https URL";

/** No user, and nothing that stands for something else: what is filled in begins behind it. */
const ORIGIN = /^https?:\/\/(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?=[/?#]|$)/i;

const LONGEST = 2_048;

const partsOf = (text: string): readonly RedirectPart[] =>
  text
    .split(/(:[a-z_]\w*|\*)/i)
    .filter((piece) => piece !== '')
    .map((piece): RedirectPart => {
      if (piece === '*') return { rest: true };
      return /^:[a-z_]/i.test(piece) ? { parameter: piece.slice(1) } : piece;
    });

/** Takes apart where clients are sent, or says what is wrong with it. Pure. */
export const parseRedirect = (to: string): RedirectTarget | Wording => {
  if (to.length > LONGEST) return { expected: EXPECTED, message: `must have at most ${LONGEST} characters` };
  if (!/^[!-~]*$/.test(to) || to.includes('\\')) {
    return {
      expected: EXPECTED,
      message: 'holds blanks, backslashes or characters beyond ASCII',
      hint: 'write them as %20, %5C, %C3%A9 …',
    };
  }
  if (/^https?:/i.test(to)) {
    const origin = ORIGIN.exec(to)?.[0];
    if (origin !== undefined && URL.canParse(origin)) return { origin, parts: partsOf(to.slice(origin.length)) };
    return {
      expected: EXPECTED,
      message: 'needs a host of its own, without user and password',
      hint: "':name' and '*' can stand behind the host only",
    };
  }
  if (to.startsWith('//')) {
    return { expected: EXPECTED, message: 'leads to another host', hint: "write 'https:' before it if that is meant" };
  }
  if (!to.startsWith('/')) return { expected: EXPECTED };
  return { origin: '', parts: partsOf(to) };
};

/** What is filled in. */
export interface RedirectValues {
  /** A parameter of the route, decoded; `undefined` when the path has none. */
  parameter(name: string): string | undefined;
  /** What the `*` took, as it stands in the path. */
  readonly rest: string;
  /** The query of the request with its `?`, or nothing. */
  readonly query: string;
}

/**
 * Where a request is sent. Pure.
 *
 * Parameters are escaped whole, so each stays within its segment; a path never begins with two slashes, which would
 * make its next segment a host.
 */
export const redirectLocation = (
  { origin, parts }: RedirectTarget,
  { parameter, rest, query }: RedirectValues,
): string => {
  const filled = parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'rest' in part ? rest : encodeURIComponent(parameter(part.parameter) ?? '');
    })
    .join('');
  const text = origin === '' ? `/${filled.replace(/^[/\\]+/, '')}` : origin + filled;
  if (query === '') return text;
  const [beforeFragment = '', ...fragment] = text.split('#');
  const joined = beforeFragment + (beforeFragment.includes('?') ? `&${query.slice(1)}` : query);
  return [joined, ...fragment].join('#');
};
