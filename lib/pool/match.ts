/** What says which servers of two lists are the same one. */
export interface Known {
  /** Where it asks to listen, in canonical form. */
  readonly listen: string;
  /** The system chooses its port: others may say the same and be others. */
  readonly floating: boolean;
  readonly name: string | undefined;
}

/**
 * Finds for each of the new servers which of the present ones it is: pure.
 *
 * Whoever names an address means the server that is found there. Of those that leave the port to the system, equal names
 * on equal terms mean each other; those without a name do so in order.
 *
 * @param find - the present server at an address.
 * @param floating - the present servers that leave the port to the system.
 * @returns for each new server the present one, or `undefined`; nobody twice.
 */
export const matchServers = <T extends Known>(
  fresh: readonly Known[],
  find: (listen: string) => T | undefined,
  floating: Iterable<T>,
): readonly (T | undefined)[] => {
  const waiting = new Map<string, T[]>();
  const termsOf = ({ listen, name = '' }: Known): string => `${listen}\n${name}`;
  for (const one of floating) {
    const queue = waiting.get(termsOf(one));
    if (queue === undefined) waiting.set(termsOf(one), [one]);
    else queue.push(one);
  }
  for (const queue of waiting.values()) queue.reverse();
  const taken = new Set<T>();
  const take = (one: T | undefined): T | undefined => {
    if (one === undefined || taken.has(one)) return undefined;
    taken.add(one);
    return one;
  };
  // Those who name a place have the first choice: somebody may name the very port that was found for another one.
  const fixed = fresh.map((one) => (one.floating ? undefined : take(find(one.listen))));
  return fresh.map((one, index) => {
    if (!one.floating) return fixed[index];
    const queue = waiting.get(termsOf(one));
    for (let next = queue?.pop(); next !== undefined; next = queue?.pop()) {
      const found = take(next);
      if (found !== undefined) return found;
    }
    return undefined;
  });
};
