/** How a piece of text stands out; meaning first, so that it can be drawn without colours. */
export type Style = 'strong' | 'faint' | 'good' | 'busy' | 'bad';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One line, piece by piece; the text of each is printable. */
export type Line = readonly Span[];

/** Turns a line into what is written, with or without colours. */
export type Paint = (line: Line) => string;

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  busy: [33, 39],
  bad: [31, 39],
};

export const plain: Paint = (line) => line.map(({ text }) => text).join('');

export const coloured: Paint = (line) =>
  line
    .map(({ text, style }) => {
      if (style === undefined || text === '') return text;
      const [on, off] = CODES[style];
      return `\u001b[${on}m${text}\u001b[${off}m`;
    })
    .join('');

/**
 * Colours only where somebody sees them: on a terminal that has them, unless NO_COLOR is set to anything. FORCE_COLOR
 * decides when it is set: `0` and `false` are no, anything else is yes.
 *
 * @see https://no-color.org, and https://nodejs.org/api/cli.html#force_color1-2-3, where it overrides NO_COLOR too
 */
export const paintFor = (
  { isTTY }: { readonly isTTY?: boolean | undefined },
  { FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): Paint => {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR === '0' || FORCE_COLOR === 'false' ? plain : coloured;
  return isTTY === true && !NO_COLOR && TERM !== 'dumb' ? coloured : plain;
};
