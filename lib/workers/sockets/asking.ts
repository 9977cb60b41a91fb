import { type Address, formatAddress, isAnyPort } from '../../config/address.ts';

/** Under which name somebody finds what was asked for; `release` when it is not needed any more. */
export interface Asked {
  readonly name: string;
  release(): void;
}

/**
 * Names what one process asks for, so that different processes find the same socket.
 *
 * An address with a port, or a path, is its own name. Who asks for any port, or one of a range, means another one each
 * time: the first that it holds at once is the first of every process, the second the second, and so on.
 */
export class Asking {
  readonly #held = new Map<string, Set<number>>();

  ask(address: Address): Asked {
    const text = formatAddress(address);
    if (!isAnyPort(address)) return { name: text, release: () => {} };
    const held = this.#held.get(text) ?? new Set();
    this.#held.set(text, held);
    let index = 0;
    while (held.has(index)) index += 1;
    held.add(index);
    return {
      name: `${text}#${index}`,
      release: () => {
        held.delete(index);
        if (held.size === 0) this.#held.delete(text);
      },
    };
  }
}
