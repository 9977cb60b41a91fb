/**
 * First in, first out, in constant time however long the line gets.
 *
 * `Array.shift` moves everything behind the first element, which makes a backlog of `n` cost `n²`.
 */
export interface Fifo<V> {
  readonly size: number;
  push(value: V): void;
  /** Takes the oldest; wrapped, so that a waiting `undefined` and an empty line are different things. */
  shift(): { readonly value: V } | undefined;
}

interface Link<V> {
  readonly value: V;
  next: Link<V> | undefined;
}

/** An empty line; what was taken is let go of at once. */
export const createFifo = <V>(): Fifo<V> => {
  let first: Link<V> | undefined;
  let last: Link<V> | undefined;
  let size = 0;
  return {
    get size() {
      return size;
    },
    push(value) {
      const link: Link<V> = { value, next: undefined };
      if (last === undefined) first = link;
      else last.next = link;
      last = link;
      size += 1;
    },
    shift() {
      const link = first;
      if (link === undefined) return undefined;
      first = link.next;
      if (first === undefined) last = undefined;
      size -= 1;
      return link;
    },
  };
};
