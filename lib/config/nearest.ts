/** How many slips of the finger a name may be away and still be recognised. */
const FARTHEST = 2;

/**
 * Finds the known name that a misspelled one was probably meant to be: at most two insertions, deletions, exchanges or
 * swaps of neighbours away, regardless of letter case. The first of several equally near ones wins.
 */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  let best: string | undefined;
  let distance = FARTHEST + 1;
  const wanted = name.toLowerCase();
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= distance) continue;
    const found = editDistance(wanted, candidate.toLowerCase());
    if (found < distance) {
      best = candidate;
      distance = found;
    }
  }
  return best;
};

/**
 * The number of single slips between two words: insertion, deletion, exchange, swap of neighbours.
 *
 * @see "optimal string alignment", the restricted form of Damerau–Levenshtein distance: no part is edited twice.
 */
export const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
};

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
