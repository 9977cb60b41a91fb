const LONGEST = 80;

/** Control, format and lone surrogate characters, and the two separators that some terminals take for line breaks. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes a text fit for one line of a message: unprintable characters are escaped, and at most 80 characters stay.
 *
 * Reads no more than it shows, so that a text of 100 MB costs nothing.
 */
export const oneLine = (text: string, longest: number = LONGEST): string => {
  const shown = text.slice(0, longest + 1).replace(UNPRINTABLE, escapeCharacter);
  if (text.length <= longest && shown.length <= longest) return shown;
  // Cut between code points: half a surrogate pair is unprintable itself.
  let cut = '';
  for (const character of shown) {
    if (cut.length + character.length >= longest) break;
    cut += character;
  }
  return `${cut}…`;
};

const escapeCharacter = (character: string): string => {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
};

/** What stood where something else was expected, as one short line: never its whole content, never an exception. */
export const received = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return `"${oneLine(value, LONGEST - 2)}"`;
    case 'bigint':
      return oneLine(`${value}n`);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'symbol':
      return 'a symbol';
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : objectKind(value);
  }
};

const objectKind = (value: object): string => {
  try {
    if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' && name !== 'Object'
      ? oneLine(`an instance of ${name}`)
      : 'an object';
  } catch {
    // A revoked or throwing proxy: that it is an object is all there is to say.
    return 'an object';
  }
};

/** The text of an exception on one line, a short one by default; even of one that throws itself when it is looked at. */
export const reasonOf = (cause: unknown, longest: number = LONGEST): string => {
  try {
    return oneLine(cause instanceof Error ? cause.message : String(cause), longest);
  } catch {
    return 'an exception without a text';
  }
};
