/** What one process has counted so far; whatever it is told after its end is too late. */
export interface Share {
  /** Takes note of what its counters are now. One that is lower than before, or that it did not have, began anew. */
  count(counters: Readonly<Record<string, number>>): void;
  /** Nothing more will come; what it counted stays in the totals. */
  end(): void;
}

/** What counters can be. */
const isCount = (value: number): boolean => Number.isFinite(value) && value >= 0;

/**
 * Sums counters over processes that come and go.
 *
 * Only differences are added, and none is below 0: totals never fall, whatever processes say and in whatever order they
 * end. That holds for fractions as well, where a sum that is taken anew may be less than it was by a rounding.
 */
export class Tally {
  readonly #totals = new Map<string, number>();

  /** A process begins, with everything at 0. */
  begin(): Share {
    let last: Map<string, number> | undefined = new Map();
    return {
      count: (counters) => {
        if (last === undefined) return;
        for (const [name, value] of Object.entries(counters)) {
          if (!isCount(value)) continue;
          const before = last.get(name) ?? 0;
          last.set(name, value);
          this.#totals.set(name, (this.#totals.get(name) ?? 0) + (value < before ? value : value - before));
        }
      },
      end: () => {
        last = undefined;
      },
    };
  }

  total(name: string): number {
    return this.#totals.get(name) ?? 0;
  }

  /** All totals, by name. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#totals);
  }
}
