import { type DataText, duplicateKey, MAX_DEPTH, type TextFault, TOO_DEEP } from './data-text.ts';
import type { Place } from './place.ts';

/**
 * Reads JSON as `JSON.parse` does, and says where everything stands.
 *
 * Beyond `JSON.parse` it refuses an object with the same key twice (`JSON.parse` keeps the last one silently) and
 * nesting deeper than 100 levels.
 *
 * @see RFC 8259
 */
export const parseJson = (text: string): DataText => {
  const duplicates: TextFault[] = [];
  try {
    const { value, place } = readDocument(text, duplicates);
    const [first, ...rest] = duplicates;
    return first === undefined ? { ok: true, value, place } : { ok: false, faults: [first, ...rest] };
  } catch (cause) {
    if (!(cause instanceof JsonFault)) throw cause;
    return { ok: false, faults: [cause.fault] };
  }
};

/** How the recursive reader leaves at the first mistake; never seen outside this file. */
class JsonFault extends Error {
  readonly fault: TextFault;
  constructor(fault: TextFault) {
    super(fault.message);
    this.fault = fault;
  }
}

interface Read {
  readonly value: unknown;
  readonly place: Place;
}

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}\p{N}_$.+-]+/uy;
// One run without escapes at a time: a single expression for whole strings exhausts the engine's stack on long ones.
const STRING_RUN = /[^"\\\p{Cc}]*/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

const readDocument = (text: string, duplicates: TextFault[]): Read => {
  let at = 0;

  const fail = (message: string, hint: string, offset = at): never => {
    throw new JsonFault({ code: 'ERR_SOURCE_SYNTAX', message, hint, at: offset });
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skipBlank = (): void => {
    match(BLANK);
  };
  const unexpected = (expected: string): never => {
    if (at >= text.length) {
      return fail(`the file ends where ${expected} should follow`, 'it may be only partly written: save it again');
    }
    const found = text.startsWith('//', at) || text.startsWith('/*', at) ? 'a comment' : quote(text, at);
    return fail(`${expected} expected, found ${found}`, hintFor(text, at));
  };

  const readString = (): string => {
    const start = at;
    at += 1;
    for (;;) {
      match(STRING_RUN);
      if (text[at] === '"') break;
      if (text[at] === '\\') {
        if (match(ESCAPE) === undefined) fail('this escape does not exist', 'a backslash is written as two: "\\\\"');
      } else if ((text[at] ?? '') >= ' ') {
        at += 1; // DEL and its like: control characters to Unicode, ordinary ones to JSON.
      } else if (at >= text.length) {
        fail('the file ends inside a string', 'it may be only partly written: close the quote', start);
      } else {
        fail('a string ends with its line', 'close the quote, or write the line break as \\n');
      }
    }
    at += 1;
    // What was scanned is a JSON string exactly, so decoding it can be left to the engine.
    return String(JSON.parse(text.slice(start, at)));
  };

  const readObject = (start: number, depth: number): Read => {
    const value = {};
    const members = new Map<string, Place>();
    at += 1;
    skipBlank();
    if (text[at] === '}') {
      at += 1;
      return { value, place: { at: start, members } };
    }
    for (;;) {
      if (text[at] !== '"') unexpected('a key in double quotes');
      const keyAt = at;
      const key = readString();
      const earlier = members.get(key);
      if (earlier !== undefined) duplicates.push(duplicateKey(text, key, keyAt, earlier.at));
      skipBlank();
      if (text[at] !== ':') unexpected('":"');
      at += 1;
      const member = readValue(depth + 1);
      // Assigning would call the setter of `__proto__`; `JSON.parse` makes it an ordinary key, and so do we.
      Object.defineProperty(value, key, { value: member.value, enumerable: true, writable: true, configurable: true });
      members.set(key, { ...member.place, at: keyAt });
      skipBlank();
      if (text[at] === '}') break;
      if (text[at] !== ',') unexpected('"," or "}"');
      at += 1;
      skipBlank();
    }
    at += 1;
    return { value, place: { at: start, members } };
  };

  const readArray = (start: number, depth: number): Read => {
    const value: unknown[] = [];
    const members = new Map<string, Place>();
    at += 1;
    skipBlank();
    if (text[at] === ']') {
      at += 1;
      return { value, place: { at: start, members } };
    }
    for (;;) {
      const item = readValue(depth + 1);
      members.set(String(value.length), item.place);
      value.push(item.value);
      skipBlank();
      if (text[at] === ']') break;
      if (text[at] !== ',') unexpected('"," or "]"');
      at += 1;
    }
    at += 1;
    return { value, place: { at: start, members } };
  };

  const readValue = (depth: number): Read => {
    skipBlank();
    const start = at;
    if (depth > MAX_DEPTH) throw new JsonFault({ ...TOO_DEEP, at });
    const char = text[at];
    if (char === '{') return readObject(start, depth);
    if (char === '[') return readArray(start, depth);
    if (char === '"') return { value: readString(), place: { at: start } };
    const number = match(NUMBER);
    if (number !== undefined) return { value: Number(number), place: { at: start } };
    const word = match(WORD);
    if (word !== undefined && LITERALS.has(word)) return { value: LITERALS.get(word), place: { at: start } };
    at = start;
    return unexpected('a value');
  };

  const read = readValue(0);
  skipBlank();
  if (at < text.length) unexpected('the end of the file');
  return read;
};

const quote = (text: string, at: number): string => {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return char === '"' ? `'"'` : JSON.stringify(char);
};

/** What people most often mean when JSON stops here. */
const hintFor = (text: string, at: number): string => {
  const char = text[at] ?? '';
  const before = text.slice(0, at).trimEnd().at(-1);
  if (char === '/' || char === '#') return 'JSON has no comments: remove it, or name the file .yaml';
  if ((char === '}' || char === ']') && before === ',') return 'remove the comma before it';
  if (char === "'") return 'JSON takes double quotes only';
  if (char === '}' || char === ']') return 'something is missing before it, or it closes what is not open';
  if (char === ':') return 'only a key in double quotes stands before a colon';
  if (before === '{' || (before === ',' && char !== '"')) return 'put keys and texts in double quotes';
  if (char === '"' || char === '{' || char === '[') return 'a comma or a bracket is missing before it';
  return 'texts stand in double quotes; the other values are numbers, true, false and null';
};
