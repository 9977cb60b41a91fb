import type { ListenOptions } from 'node:net';
import type { Observable } from 'rxjs';
import type { Address } from '../config/address.ts';

/**
 * Takes one address, in a way of its own: cold, emits once it has it and stays open, lets go of it on unsubscribing.
 * Errors with a `BindError`.
 *
 * @param address - names one port, or any free one, or a path; never a range.
 * @param options - the same in Node's words.
 */
export type Opening<T> = (address: Address, options: ListenOptions) => Observable<T>;
