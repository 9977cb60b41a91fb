import { type Address, overlaps } from '../config/address.ts';

/** Something that has an address. */
export interface Placed {
  readonly address: Address;
}

const socketOf = (address: Address): string | number => (address.kind === 'unix' ? address.path : address.port);

/** Addresses by port or path: who is in the way of one is found without looking at all of them. */
export class Places<T extends Placed> {
  readonly #sockets = new Map<string | number, Set<T>>();

  put(one: T): void {
    const socket = socketOf(one.address);
    const there = this.#sockets.get(socket);
    if (there === undefined) this.#sockets.set(socket, new Set([one]));
    else there.add(one);
  }

  take(one: T): void {
    const socket = socketOf(one.address);
    const there = this.#sockets.get(socket);
    there?.delete(one);
    if (there?.size === 0) this.#sockets.delete(socket);
  }

  /** Who cannot be there together with whoever has this address. */
  inTheWayOf(address: Address): readonly T[] {
    const there = this.#sockets.get(socketOf(address)) ?? [];
    return [...there].filter((one) => overlaps(one.address, address));
  }
}
