import type { Line, Span } from './paint.ts';
import { pad, shorten, widthOf } from './text.ts';

export interface Column<Name extends string> {
  readonly name: Name;
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Width at which hardly anything is cut, when it is narrower than the column is in full. */
  readonly comfortable: number;
  /** Width below which it is of no use. */
  readonly least: number;
}

export const column = <Name extends string>(
  name: Name,
  title: string,
  align: Column<Name>['align'] = 'left',
  comfortable = title.length,
  least = comfortable,
): Column<Name> => ({ name, title, align, comfortable, least });

/** What becomes of columns when there is not room for all. */
export interface Dropping<Name extends string> {
  /** What goes when the rest has no comfortable width, the first of these first. */
  readonly luxuries: readonly Name[];
  /** What goes when not even the least is there. */
  readonly needs: readonly Name[];
  /** What is cut short, in this order. */
  readonly shrinkable: readonly Name[];
}

export type Cells<Name extends string> = Readonly<Record<Name, string>>;

const GAP = 2;

interface Arranged<Name extends string> {
  readonly column: Column<Name>;
  readonly width: number;
}

/**
 * Gives columns their widths, so that all of them with their gaps fit `width`. Pure.
 *
 * Columns that are empty for everybody are left out; what does not fit is dropped column by column before anything is
 * cut short.
 */
const arrange = <Name extends string>(
  all: readonly Column<Name>[],
  rows: readonly Cells<Name>[],
  { luxuries, needs, shrinkable }: Dropping<Name>,
  width: number,
): readonly Arranged<Name>[] => {
  const filled = all.filter(({ name }) => rows.some((row) => row[name] !== ''));
  const full = new Map(
    filled.map((one) => [one, Math.max(one.title.length, ...rows.map((row) => widthOf(row[one.name])))]),
  );
  const upTo = (limit: (one: Column<Name>) => number) => (one: Column<Name>) =>
    Math.min(full.get(one) ?? 0, limit(one));
  const comfortable = upTo((one) => one.comfortable);
  const least = upTo((one) => one.least);

  let columns = filled;
  const dropWhileWider = (names: readonly Name[], measure: (one: Column<Name>) => number): void => {
    for (const name of names) {
      if (totalWidth(columns, measure) > width) columns = columns.filter((one) => one.name !== name);
    }
  };
  dropWhileWider(luxuries, comfortable);
  dropWhileWider(needs, least);

  const widths = new Map(columns.map((one) => [one, full.get(one) ?? 0]));
  // A little of each before much of one; 20 columns hold an id and a state only when not even the least is kept.
  for (const floor of [comfortable, least, (): number => 1]) {
    for (const name of shrinkable) {
      const one = columns.find((candidate) => candidate.name === name);
      const excess = totalWidth(columns, (candidate) => widths.get(candidate) ?? 0) - width;
      if (one !== undefined && excess > 0) widths.set(one, Math.max(floor(one), (widths.get(one) ?? 0) - excess));
    }
  }
  return columns.map((one) => ({ column: one, width: widths.get(one) ?? 0 }));
};

const totalWidth = <Name extends string>(
  columns: readonly Column<Name>[],
  measure: (one: Column<Name>) => number,
): number => columns.reduce((sum, one) => sum + measure(one) + GAP, -GAP);

/** The titles, each as wide as its column. */
const headOf = <Name extends string>(columns: readonly Arranged<Name>[]): Line =>
  columns.map(({ column: { title, align }, width }) => ({ text: pad(title, width, align), style: 'faint' }));

/**
 * A table without a title: a head, and one line per row, none wider than `width`. Pure.
 *
 * @param styled - how a cell stands out.
 * @param textOf - what a cell says where it has this width; the value by default, which is cut to it.
 */
export const drawTable = <Name extends string, Row extends Cells<Name>>(
  columns: readonly Column<Name>[],
  rows: readonly Row[],
  dropping: Dropping<Name>,
  width: number,
  styled: (row: Row, name: Name) => Span['style'],
  textOf: (row: Row, name: Name, width: number) => string = (row, name) => row[name],
): readonly Line[] => {
  if (rows.length === 0) return [];
  const arranged = arrange(columns, rows, dropping, width);
  const lines = rows.map((row) =>
    arranged.map(({ column: { name, align }, width: columnWidth }): Span => {
      const text = pad(shorten(textOf(row, name, columnWidth), columnWidth), columnWidth, align);
      const style = styled(row, name);
      return style === undefined ? { text } : { text, style };
    }),
  );
  return [headOf(arranged), ...lines].map((line) => fitLine(withGaps(line), width));
};

/** Puts gaps between cells, and nothing behind the last that says something. */
const withGaps = (cells: Line): Line => {
  const end = cells.findLastIndex(({ text }) => text.trim() !== '');
  return cells.slice(0, end + 1).flatMap((cell, index) => {
    const span = index === end ? { ...cell, text: cell.text.trimEnd() } : cell;
    return index === 0 ? [span] : [{ text: ' '.repeat(GAP) }, span];
  });
};

/** Cuts a line where it is full, keeping its styles. */
export const fitLine = (line: Line, width: number): Line => {
  const cut: Span[] = [];
  let left = width;
  for (const span of line) {
    const text = shorten(span.text, left);
    if (text !== '') cut.push({ ...span, text });
    if (text !== span.text) break;
    left -= widthOf(text);
  }
  return cut;
};
