import { lineWidth } from './live-block.ts';
import type { Line, Span } from './paint.ts';
import { widthOf } from './text.ts';

/**
 * Breaks a line between words, so that each part fits `width`; all but the first are indented. Pure.
 *
 * A word that is wider stays whole: paths and addresses are there to be copied.
 */
export const wrapLine = (line: Line, width: number, indent: number): readonly Line[] => {
  if (lineWidth(line) <= width) return [line];
  const lines: Span[][] = [[]];
  const margin = ' '.repeat(indent * 2 < width ? indent : 0);
  let begins = 0;
  let used = begins;
  for (const { text, style } of line) {
    // Each word with the blanks behind it: those may stand over the edge, and are cut off there.
    for (const word of text.match(/\S*\s*/g) ?? []) {
      if (word === '') continue;
      const isFull = used + widthOf(word.trimEnd()) > width;
      if (isFull && word.trim() !== '' && used > begins) {
        lines.push(margin === '' ? [] : [{ text: margin }]);
        begins = margin.length;
        used = begins;
      }
      lines.at(-1)?.push(style === undefined ? { text: word } : { text: word, style });
      used += widthOf(word);
    }
  }
  return lines.map(trimmed);
};

/** Without the blanks at its end. */
const trimmed = (line: readonly Span[]): Line => {
  const end = line.findLastIndex(({ text }) => text.trim() !== '');
  return line.slice(0, end + 1).map((span, index) => (index === end ? { ...span, text: span.text.trimEnd() } : span));
};
