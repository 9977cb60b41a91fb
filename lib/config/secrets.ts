import { withoutDuration } from './duration-hint.ts';
import type { Issue } from './issue.ts';
import { isPlainObject } from './plain-data.ts';
import { oneLine, received } from './received.ts';

/** A text of a config into which values of the environment were put. */
export interface Secret {
  /** Where it stands, dotted: inside its server, or inside the file when it belongs to none. */
  readonly path: string;
  /** As it was written: `Bearer ${TOKEN}`. What is shown in its place. */
  readonly written: string;
  /** What the variables in it stood for, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** Shorter values are hidden only where they stand alone: `1` would be found in every other number. */
const DISTINCTIVE = 8;

/** The secrets of server configs, for as long as these live. Says nothing about a config but what it was made with. */
const known = new WeakMap<object, readonly Secret[]>();

/** Remembers what a server config must not show. The config itself stays plain data that can be frozen and compared. */
export const keepSecrets = (server: object, secrets: readonly Secret[]): void => {
  if (secrets.length > 0) known.set(server, secrets);
};

/** What a server config must not show. Whoever makes a new config out of one hands this on with `keepSecrets`. */
export const secretsOf = (server: unknown): readonly Secret[] =>
  (typeof server === 'object' && server !== null ? known.get(server) : undefined) ?? [];

/** What servers must not show, by id, as data: configs that travel or are kept as JSON take it along. */
export type SecretMarks = Readonly<Record<string, readonly Secret[]>>;

const entriesOf = (servers: unknown): readonly (readonly [string, unknown])[] =>
  isPlainObject(servers) ? Object.entries(servers) : [];

/** The marks of those servers that have any. */
export const marksOf = (servers: unknown): SecretMarks =>
  Object.fromEntries(
    entriesOf(servers)
      .map(([id, server]) => [id, secretsOf(server)] as const)
      .filter(([, secrets]) => secrets.length > 0),
  );

/** Puts marks back on servers that were read from JSON. Marks that are none are left out. */
export const restoreMarks = (servers: unknown, marks: unknown): void => {
  for (const [id, server] of entriesOf(servers)) {
    const own: unknown = isPlainObject(marks) ? marks[id] : undefined;
    if (typeof server === 'object' && server !== null && Array.isArray(own)) keepSecrets(server, own.filter(isSecret));
  }
};

const isSecret = (value: unknown): value is Secret =>
  isPlainObject(value) &&
  typeof value.path === 'string' &&
  typeof value.written === 'string' &&
  isPlainObject(value.values) &&
  Object.values(value.values).every((one) => typeof one === 'string');

/**
 * Replaces every value of the environment in a text by the variable it came from. Pure.
 *
 * Also finds values as messages show them: with their unprintable characters escaped, and cut short by an ellipsis.
 */
export const redact = (text: string, secrets: readonly Secret[]): string => {
  const values = new Map(
    secrets.flatMap((secret) => Object.entries(secret.values).map(([name, value]) => [value, name])),
  );
  // The longest first: one may contain another.
  const ordered = [...values].toSorted(([a], [b]) => b.length - a.length);
  let redacted = text;
  for (const [value, name] of ordered) redacted = withoutValue(redacted, value, `\${${name}}`);
  return redacted;
};

const withoutValue = (text: string, value: string, variable: string): string => {
  const escaped = oneLine(value, Number.POSITIVE_INFINITY);
  let redacted = text;
  for (const shown of new Set([value, escaped])) {
    if (shown === '') continue;
    redacted =
      shown.length >= DISTINCTIVE
        ? redacted.replaceAll(shown, () => variable)
        : redacted.replace(wholeWord(shown), () => variable);
  }
  return withoutCut(redacted, escaped, variable);
};

/** Removes the beginning of a value that stands before an ellipsis: the rest was cut off. */
const withoutCut = (text: string, value: string, variable: string): string => {
  let redacted = '';
  let rest = text;
  for (let at = rest.indexOf('…'); at !== -1; at = rest.indexOf('…')) {
    const before = rest.slice(0, at);
    let length = Math.min(before.length, value.length - 1);
    while (length > 0 && !before.endsWith(value.slice(0, length))) length -= 1;
    redacted += length === 0 ? `${before}…` : `${before.slice(0, at - length)}${variable}…`;
    rest = rest.slice(at + 1);
  }
  return redacted + rest;
};

const wholeWord = (text: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'gu');

/**
 * Words an issue so that it shows no value of the environment: what stood there shows as it was written. Pure.
 *
 * @param secrets - of the server, or of the file, that the issue is about.
 */
export const redactIssue = (issue: Issue, secrets: readonly Secret[]): Issue => {
  if (secrets.length === 0) return issue;
  const secret = secrets.find(({ path }) => path === issue.path);
  const shown = secret === undefined ? redact(issue.received, secrets) : received(secret.written);
  const word = (text: string): string =>
    redact(
      text.replaceAll(issue.received, () => shown),
      secrets,
    );
  return {
    ...issue,
    expected: redact(issue.expected, secrets),
    received: shown,
    message: aboutVariable(issue, secret) ?? word(issue.message),
    ...(issue.hint === undefined
      ? {}
      : { hint: word(secret === undefined ? issue.hint : withoutDuration(issue.hint)) }),
  };
};

/** Where nothing but a variable stands, `not "${LIMIT}"` would read as if nobody had filled it in. */
const aboutVariable = (
  { message, expected, received: shown }: Issue,
  secret: Secret | undefined,
): string | undefined => {
  const name = /^\$\{(\w+)[^{}]*\}$/.exec(secret?.written ?? '')?.[1];
  const isPlain = message === `must be ${expected}, not ${shown}`;
  return name === undefined || !isPlain ? undefined : `the value of ${name} is not ${expected}`;
};
