import { keyOf, numberIn, type SeriesFamily, type SeriesSample, type SeriesType } from './series.ts';

/** Series of processes that are gone, that are kept: ids of servers may come and go for ever. */
const MAX_KEPT = 20_000;

/** The sum of one series over all processes there were. */
interface Cell {
  readonly suffix: string;
  readonly labels: string;
  readonly bound: string;
  total: number;
  /** How many of those that live have it. */
  holders: number;
}

/** What one process had in one family: values by cell. */
type Held = Map<Cell, number>;

/** Whose numbers are summed. */
export type Contributor = Map<string, Held>;

interface Family {
  readonly type: SeriesType;
  help: string;
  readonly cells: Map<string, Cell>;
}

/** A sum of observations falls when they are below 0; how often there was one never does. */
const isMonotonic = (suffix: string): boolean => suffix !== '_sum';

const isCount = (sample: SeriesSample): boolean => {
  const value = numberIn(sample);
  return Number.isFinite(value) && (value >= 0 || !isMonotonic(sample[0]));
};

/**
 * Sums counters and histograms over processes that come and go.
 *
 * Only differences are added, so what a process had counted stays after its end, and no counter ever falls. A series
 * that a process no longer has, while it lives, was taken away on purpose; it goes when none of those that live has it.
 */
export class MergedTotals {
  readonly #families = new Map<string, Family>();
  /** Cells that nobody who lives has, the longest gone first. */
  readonly #kept = new Map<Cell, Family>();

  begin(): Contributor {
    return new Map();
  }

  /** Takes note of all that a process has; families that it had before and has no more are gone. */
  count(contributor: Contributor, families: readonly SeriesFamily[]): void {
    const before = new Map(contributor);
    contributor.clear();
    for (const { name, type, help, samples } of families) {
      const family = this.#familyOf(name, type, help);
      // Two releases that run side by side may mean two things by one name: the first one is kept.
      if (family === undefined || contributor.has(name)) continue;
      contributor.set(name, this.#add(family, samples, before.get(name) ?? new Map()));
      before.delete(name);
    }
    for (const [name, held] of before) this.#drop(name, held.keys());
  }

  /** Nothing more will come; what it counted stays. */
  end(contributor: Contributor): void {
    for (const [name, held] of contributor) {
      const family = this.#families.get(name);
      for (const cell of held.keys()) {
        cell.holders -= 1;
        if (cell.holders === 0 && family !== undefined) this.#kept.set(cell, family);
      }
    }
    contributor.clear();
    for (const [cell, family] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#forget(cell, family);
    }
  }

  read(): readonly SeriesFamily[] {
    return Array.from(this.#families, ([name, { type, help, cells }]) => ({
      name,
      type,
      help,
      samples: Array.from(
        cells.values(),
        ({ suffix, labels, bound, total }) => [suffix, labels, bound, total] as const,
      ),
    }));
  }

  #familyOf(name: string, type: SeriesType, help: string): Family | undefined {
    const known = this.#families.get(name);
    // Nothing is left of one without cells that would have to agree.
    if (known === undefined || known.cells.size === 0) {
      const made: Family = { type, help, cells: new Map() };
      this.#families.set(name, made);
      return made;
    }
    if (known.type !== type) return undefined;
    known.help = help;
    return known;
  }

  #add(family: Family, samples: readonly SeriesSample[], before: Held): Held {
    const held: Held = new Map();
    const read = samples.filter(isCount).map((sample) => [this.#cellOf(family, sample), numberIn(sample)] as const);
    // Series with the same labels belong together: they began anew all at once, or none of them did.
    const anew = new Set(
      read
        .filter(([cell, value]) => isMonotonic(cell.suffix) && value < (before.get(cell) ?? 0))
        .map(([{ labels }]) => labels),
    );
    for (const [cell, value] of read) {
      if (held.has(cell)) continue;
      const had = before.get(cell);
      if (had === undefined) cell.holders += 1;
      this.#kept.delete(cell);
      cell.total += anew.has(cell.labels) ? value : value - (had ?? 0);
      held.set(cell, value);
      before.delete(cell);
    }
    this.#release(family, before.keys());
    return held;
  }

  #cellOf({ cells }: Family, sample: SeriesSample): Cell {
    const key = keyOf(sample);
    const known = cells.get(key);
    if (known !== undefined) return known;
    const [suffix, labels, bound] = sample;
    const made: Cell = { suffix, labels, bound, total: 0, holders: 0 };
    cells.set(key, made);
    return made;
  }

  #drop(name: string, cells: Iterable<Cell>): void {
    const family = this.#families.get(name);
    if (family !== undefined) this.#release(family, cells);
  }

  /** Taken away by one that lives. */
  #release(family: Family, cells: Iterable<Cell>): void {
    for (const cell of cells) {
      cell.holders -= 1;
      if (cell.holders === 0) this.#forget(cell, family);
    }
  }

  #forget(cell: Cell, { cells }: Family): void {
    this.#kept.delete(cell);
    cells.delete(keyOf([cell.suffix, cell.labels, cell.bound, 0]));
  }
}
