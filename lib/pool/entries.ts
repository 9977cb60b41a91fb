import { type Address, formatAddress, isAnyPort, parseAddress } from '../config/address.ts';
import type { Entry } from './entry.ts';
import { Places } from './places.ts';
import type { PoolServer } from './pool-server.ts';

/** An entry that is found under another key from now on. */
export interface Rekeyed {
  readonly entry: Entry;
  readonly former: string;
}

/** The canonical text of an address with the number behind it that tells free ports apart; `undefined` for nonsense. */
const canonical = (text: string): string | undefined => {
  const hash = text.lastIndexOf('#');
  const isNumbered = hash > 0 && /^#[1-9]\d*$/.test(text.slice(hash));
  const read = parseAddress(isNumbered ? text.slice(0, hash) : text);
  if (!read.ok) return undefined;
  return `${formatAddress(read.address)}${isNumbered ? text.slice(hash) : ''}`;
};

const NONE: ReadonlySet<string> = new Set();

/** The entries of a pool in their order, found by every spelling of where they listen. */
export class Entries {
  /** What people hold of them, by key. */
  servers = new Map<string, PoolServer>();
  #byKey = new Map<string, Entry>();
  readonly #byId = new Map<string, Entry>();
  /** Those whose port the system chooses, by what was their key before. */
  readonly #written = new Map<string, Entry>();
  /** How many of those say the same. */
  readonly #counts = new Map<string, number>();
  readonly #places = new Places<Entry>();

  get size(): number {
    return this.#byKey.size;
  }

  values(): IterableIterator<Entry> {
    return this.#byKey.values();
  }

  /** Those whose port the system chooses. */
  floats(): IterableIterator<Entry> {
    return this.#written.values();
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  find(text: string): Entry | undefined {
    const known = this.#byKey.get(text) ?? this.#written.get(text);
    if (known !== undefined || typeof text !== 'string') return known;
    const key = canonical(text);
    return key === undefined ? undefined : (this.#byKey.get(key) ?? this.#written.get(key));
  }

  /** The key that a spelling stands for, whether there is an entry or not. */
  keyOf(text: string): string | undefined {
    return this.find(text)?.key ?? (typeof text === 'string' ? canonical(text) : undefined);
  }

  /**
   * Under which key a server with this address comes; one for which the system chooses a port has one of its own.
   *
   * @param given - keys that others get who are not here yet.
   */
  keyFor(address: Address, given: ReadonlySet<string> = NONE): string {
    const text = formatAddress(address);
    if (!isAnyPort(address)) return text;
    const isTaken = (key: string): boolean => this.#written.has(key) || this.#byKey.has(key) || given.has(key);
    let key = text;
    // Those that are here have the first numbers, unless some have gone since.
    for (let number = (this.#counts.get(text) ?? 0) + 1; isTaken(key); number += 1)
      key = `${text}#${Math.max(number, 2)}`;
    return key;
  }

  /** Who would be in the way of a server that listens there. Disabled ones are in nobody's way. */
  inTheWayOf(address: Address): readonly Entry[] {
    return isAnyPort(address) ? [] : this.#places.inTheWayOf(address);
  }

  /** Adds an entry, or puts it in the place of the one that has its key. */
  put(entry: Entry, handle: PoolServer): void {
    const former = this.#byKey.get(entry.key);
    if (former !== undefined) this.#forget(former);
    entry.handle = handle;
    this.#byKey.set(entry.key, entry);
    this.servers.set(entry.key, handle);
    this.#note(entry);
  }

  remove(entry: Entry): void {
    if (this.#byKey.get(entry.key) !== entry) return;
    this.#byKey.delete(entry.key);
    this.servers.delete(entry.key);
    this.#forget(entry);
  }

  /** Lets an entry be changed, and takes note of what it has become. Its key stays. */
  change(entry: Entry, change: () => void): void {
    this.#forget(entry);
    change();
    this.#note(entry);
  }

  /** Has entries found where they really listen; they stay where they are in the order. Returns those that moved. */
  rekey(moves: ReadonlyMap<Entry, { readonly key: string; readonly address: Address }>): readonly Rekeyed[] {
    const moved: Rekeyed[] = [];
    for (const [entry, { key, address }] of moves) {
      // Somebody who does not run may have the very port that the system gave to another one: he keeps his key.
      const holder = this.#byKey.get(key);
      if (key === entry.key || (holder !== undefined && !moves.has(holder))) continue;
      moved.push({ entry, former: entry.key });
      this.change(entry, () => {
        entry.key = key;
        entry.address = address;
      });
    }
    if (moved.length > 0) this.order([...this.#byKey.values()]);
    return moved;
  }

  /** Puts the entries there are into this order. Whoever is going through them goes on with the former one. */
  order(entries: readonly Entry[]): void {
    this.#byKey = new Map(entries.map((entry) => [entry.key, entry]));
    this.servers = new Map(entries.flatMap((entry) => (entry.handle === undefined ? [] : [[entry.key, entry.handle]])));
  }

  #note(entry: Entry): void {
    this.#byId.set(entry.id, entry);
    if (entry.written !== undefined) {
      this.#written.set(entry.written, entry);
      this.#count(entry, 1);
    }
    if (!entry.spec.disabled && !isAnyPort(entry.address)) this.#places.put(entry);
  }

  #forget(entry: Entry): void {
    if (this.#byId.get(entry.id) === entry) this.#byId.delete(entry.id);
    if (entry.written !== undefined && this.#written.get(entry.written) === entry) {
      this.#written.delete(entry.written);
      this.#count(entry, -1);
    }
    this.#places.take(entry);
  }

  #count({ spec }: Entry, more: 1 | -1): void {
    const text = formatAddress(spec.address);
    const count = (this.#counts.get(text) ?? 0) + more;
    if (count === 0) this.#counts.delete(text);
    else this.#counts.set(text, count);
  }
}
