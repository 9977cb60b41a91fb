import type { Line, Paint } from './paint.ts';
import { widthOf } from './text.ts';

/**
 * The text that replaces a block of lines at the bottom of a terminal by another, with `above` written over it. Pure.
 *
 * The cursor stands at the start of the line below the block, before and after. It is hidden only within this text, so
 * there is nothing to restore however the program ends. Lines are cleared before they are written rather than after:
 * clearing to the end of a full line would take its last character.
 *
 * @param drawn - the block as it is there now, plain.
 * @param width - columns of the terminal now. It may have become narrower since `drawn` was written, and then terminals
 *   have wrapped what was there.
 */
export const redraw = (
  drawn: readonly Line[],
  above: readonly Line[],
  block: readonly Line[],
  paint: Paint,
  width: number,
): string => {
  const up = drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(lineWidth(line) / width)), 0);
  const start = up === 0 ? '\r' : `\r\u001b[${up}A`;
  // What is written above may take several rows each, over rows that are not cleared one by one.
  const clear = above.length > 0 ? CLEAR_BELOW : '';
  const text = [...above, ...block].map((line) => `\u001b[2K${paint(line)}\n`).join('');
  return `${BEGIN}${start}${clear}${text}${CLEAR_BELOW}${END}`;
};

export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + widthOf(text), 0);

/** Synchronised update (terminals without it ignore the mode), and no cursor running through the lines. */
const BEGIN = '\u001b[?2026h\u001b[?25l';
const END = '\u001b[?25h\u001b[?2026l';
const CLEAR_BELOW = '\u001b[J';
