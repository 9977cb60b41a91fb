/** Room for a number behind it: ids have at most 64 characters. */
const LONGEST = 54;

/** Names that a plain object takes for its own machinery. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A text as the id of a server in a cluster: `'public api'` becomes `public-api`, `'[::1]:80'` becomes `1-80`. */
export const idFrom = (text: string): string => {
  const id = text
    .replace(/[^\w.-]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^[-:]+|-+$/g, '');
  return id === '' || RESERVED.has(id) ? `server${id}` : id;
};

/** Gives out ids that nobody else has. */
export class ServerIds {
  readonly #taken = new Set<string>();
  /** Where to go on counting, so that a thousand servers of one name do not ask for half a million ids. */
  readonly #next = new Map<string, number>();

  /** An id made of `text`: that itself while it is free, otherwise with a number behind it. */
  take(text: string): string {
    const base = idFrom(text);
    let id = base;
    for (let number = this.#next.get(base) ?? 2; this.#taken.has(id); number += 1) {
      id = `${base}-${number}`;
      this.#next.set(base, number + 1);
    }
    this.#taken.add(id);
    return id;
  }

  release(id: string): void {
    this.#taken.delete(id);
  }
}
