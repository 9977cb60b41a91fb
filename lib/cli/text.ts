import { oneLine } from '../config/received.ts';

/**
 * A text that cannot do anything to a terminal or a log: control, direction and other invisible characters are written
 * out (`\n`, `\u{1b}`), so one event stays one line whatever a configuration or an error contains.
 */
export const printable = (text: string): string => oneLine(text, LONGEST);

/** More than any terminal shows at once; errors of others can be of any length. */
const LONGEST = 4_000;

/**
 * Columns a printable text takes on a terminal, and never fewer: a terminal that draws a character narrower leaves a
 * gap, one that drew it wider than counted would break the line.
 */
export const widthOf = (text: string): number => {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
};

const ASCII = /^[ -~]*$/;
const COMBINING = /\p{Mn}|\p{Me}/u;
const EMOJI = /\p{Emoji_Presentation}/u;
/** From here on there is hardly anything but Chinese, Japanese, Korean and pictures; scripts that are not lose a column. */
const FIRST_WIDE = 0x2e80;
/** Old Hangul letters, the one wide block below. */
const HANGUL: readonly [number, number] = [0x1100, 0x11ff];

const charWidth = (char: string): number => {
  const point = char.codePointAt(0) ?? 0;
  if (point < 0x300) return 1;
  if (COMBINING.test(char)) return 0;
  if (point >= FIRST_WIDE || (point >= HANGUL[0] && point <= HANGUL[1])) return 2;
  return EMOJI.test(char) ? 2 : 1;
};

/** Cuts a printable text to a number of columns; where something is missing, an ellipsis says so. */
export const shorten = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return '';
  let cut = '';
  let width = 1; // The ellipsis.
  for (const char of text) {
    width += charWidth(char);
    if (width > columns) break;
    cut += char;
  }
  return `${cut}…`;
};

/** Cuts a printable text to a number of columns at its start: the end of a path says more. */
export const shortenStart = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  if (columns <= 1) return '';
  const kept: string[] = [];
  let width = 1; // The ellipsis.
  for (const char of Array.from(text).reverse()) {
    width += charWidth(char);
    if (width > columns) break;
    kept.unshift(char);
  }
  return `…${kept.join('')}`;
};

/** Fills a text up with blanks to a number of columns. */
export const pad = (text: string, columns: number, align: 'left' | 'right' = 'left'): string => {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
};

/** A duration in at most two units: `7s`, `4m 05s`, `3h 20m`, `12d 04h`. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${two(Math.floor(seconds / 3_600) % 24)}h`;
};

/** `1 server`, `2 servers`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A text as one word of a POSIX shell, quoted whatever it is. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A text as one word of a POSIX shell, quoted when it has to be. */
export const shellWord = (text: string): string => (/^[\w./@%+=:,-]+$/.test(text) ? text : shellQuoted(text));
