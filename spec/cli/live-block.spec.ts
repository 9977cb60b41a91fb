import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redraw } from '../../lib/cli/live-block.ts';
import { coloured, type Line } from '../../lib/cli/paint.ts';

const ESCAPE = '\u001b';

/** As much of a terminal as the drawing needs: rows of text that grow downwards, and a cursor. */
class Screen {
  readonly rows: string[] = [''];
  row = 0;
  column = 0;
  readonly #width: number;
  constructor(width: number) {
    this.#width = width;
  }

  write(text: string): void {
    const [first = '', ...sequences] = text.split(`${ESCAPE}[`);
    for (const char of first) this.#take(char);
    for (const sequence of sequences) {
      const end = sequence.search(/[A-Za-z]/) + 1;
      this.#obey(sequence.slice(0, end));
      for (const char of sequence.slice(end)) this.#take(char);
    }
  }

  #take(char: string): void {
    if (char === '\r') this.column = 0;
    else if (char === '\n') this.#down();
    else this.#put(char);
  }

  #obey(sequence: string): void {
    if (sequence.endsWith('A')) this.row -= Number.parseInt(sequence, 10);
    else if (sequence === '2K') this.rows[this.row] = '';
    else if (sequence === 'J') {
      this.rows.splice(this.row + 1);
      this.rows[this.row] = this.rows[this.row]?.slice(0, this.column) ?? '';
    }
  }

  #put(char: string): void {
    if (this.column === this.#width) this.#down();
    const row = this.rows[this.row] ?? '';
    this.rows[this.row] = row.slice(0, this.column).padEnd(this.column) + char + row.slice(this.column + 1);
    this.column += 1;
  }

  #down(): void {
    this.row += 1;
    this.column = 0;
    this.rows[this.row] ??= '';
  }
}

const WIDTH = 12;
const line = (longest: number): fc.Arbitrary<Line> =>
  fc.stringMatching(/^[a-z ]*$/, { maxLength: longest }).map((text) => [{ text, style: 'good' }]);
const text = (one: Line): string => one.map((span) => span.text).join('');
const wrapped = (long: string): readonly string[] => long.match(/.{1,12}/g) ?? [''];

test('after any drawings the screen holds every line that was written above, and the last block', () => {
  const drawing = fc.record({
    above: fc.array(line(3 * WIDTH), { maxLength: 3 }),
    block: fc.array(line(WIDTH), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(drawing, { minLength: 1, maxLength: 6 }), (drawings) => {
      const screen = new Screen(WIDTH);
      let drawn: readonly Line[] = [];
      for (const { above, block } of drawings) {
        screen.write(redraw(drawn, above, block, coloured, WIDTH));
        drawn = block;
      }
      const expected = [...drawings.flatMap(({ above }) => above.map(text).flatMap(wrapped)), ...drawn.map(text), ''];
      expect(screen.rows.map((row) => row.trimEnd())).toEqual(expected.map((row) => row.trimEnd()));
      expect([screen.row, screen.column]).toEqual([expected.length - 1, 0]);
    }),
  );
});

test('a terminal that became narrower has wrapped the block, and the block is still what is replaced', () => {
  const wide: Line = [{ text: 'a'.repeat(20) }];
  const screen = new Screen(10);
  screen.write('log\r\n');
  screen.write(`${'a'.repeat(20)}\r\n`); // As the terminal shows, after it was narrowed, a line of 20 columns.
  screen.write(redraw([wide], [], [[{ text: 'b' }]], coloured, 10));
  expect(screen.rows).toEqual(['log', 'b', '']);
});

test('the cursor is visible between drawings, and hidden only within one', () => {
  const written = redraw([], [], [[{ text: 'x' }]], coloured, WIDTH);
  expect(written.indexOf(`${ESCAPE}[?25l`)).toBeLessThan(written.indexOf('x'));
  expect(written.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(written.indexOf('x'));
});
