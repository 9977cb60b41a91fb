import { RE2JS, RE2JSSyntaxException } from 're2js';
import { oneLine, reasonOf } from '../config/received.ts';
import { PoolError } from './errors.ts';

/** A pattern that names many servers one by one fits in; nobody reads a longer one. */
const LONGEST_PATTERN = 512;

/**
 * Instructions of a compiled pattern: `a{1000}` has 1,002. The work for one text is bounded by instructions × characters,
 * and a short pattern may ask for many: `((\pL{30}){30})` fits in 16 characters.
 */
const MOST_INSTRUCTIONS = 1_000;

/** How much of a pattern is shown in a message. */
const SHOWN = 60;

/**
 * Compiles a pattern into a test that finds it anywhere in a text, in the same case.
 *
 * A text is read in RE2's dialect: no look-around and no back-references, because what is left can be matched in time
 * linear in the text. All texts go to that engine, also those that would be harmless in Node's: the two dialects read
 * `\s`, `[[:alpha:]]` or `(?i)` differently, and which one holds should not depend on how simple a pattern looks. A
 * `RegExp` is Node's own and as fast or slow as its author made it; its `lastIndex` is neither read nor changed.
 *
 * Throws a `PoolError` (`ERR_POOL_PATTERN`) with the reason and, when that is known, the place.
 */
export const compilePattern = (pattern: string | RegExp): ((text: string) => boolean) => {
  if (typeof pattern === 'string') return compileText(pattern);
  // With the flags `g` and `y` a RegExp begins where its last match ended: a copy is not disturbed by anybody else.
  const own = new RegExp(pattern);
  return (text) => {
    own.lastIndex = 0;
    return own.test(text);
  };
};

const compileText = (pattern: string): ((text: string) => boolean) => {
  if (pattern.length > LONGEST_PATTERN) {
    throw refusal(pattern, `it has ${pattern.length} characters, at most ${LONGEST_PATTERN} are read`);
  }
  const compiled = compile(pattern);
  const instructions = compiled.programSize();
  if (instructions > MOST_INSTRUCTIONS) {
    throw refusal(pattern, `it needs ${instructions} steps for a character, at most ${MOST_INSTRUCTIONS} are taken`);
  }
  return (text) => compiled.test(text);
};

const compile = (pattern: string): RE2JS => {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    // Whatever the engine throws here, it is about the pattern: nothing else went in.
    throw refusal(pattern, cause instanceof RE2JSSyntaxException ? problemOf(pattern, cause) : reasonOf(cause), cause);
  }
};

/** The engine names the part it stumbled over; where it is can be said when it stands there only once. */
const problemOf = (pattern: string, { error, input }: RE2JSSyntaxException): string => {
  const at = input === null || input === '' ? -1 : pattern.indexOf(input);
  if (input === null || at === -1 || at !== pattern.lastIndexOf(input)) return error;
  return `${error} at character ${at + 1}`;
};

const refusal = (pattern: string, reason: string, cause?: unknown): PoolError =>
  new PoolError('ERR_POOL_PATTERN', `pattern '${oneLine(pattern, SHOWN)}' cannot be used: ${reason}`, {
    hint: "write it in RE2's syntax (https://github.com/google/re2/wiki/Syntax), or give a glob or a RegExp",
    ...(cause === undefined ? {} : { cause }),
  });
