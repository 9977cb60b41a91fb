import { Observable } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import { BindError } from '../../listener/errors.ts';
import type { Opening } from '../../listener/opening.ts';

/** What is bound here and may not be listened on yet, by its real address. */
const taken = new Set<string>();

const inUse = (address: string): BindError =>
  new BindError(address, { cause: Object.assign(new Error('this process has bound it'), { code: 'EADDRINUSE' }) });

/**
 * The same, but a port that this process has bound already is in use.
 *
 * To the system it is not as long as nobody listens there: two servers that ask for a port of one range at once would both
 * be given its first.
 */
export const ownPort =
  <T extends { readonly address: Address }>(open: Opening<T>): Opening<T> =>
  (address, options) =>
    address.kind === 'unix'
      ? open(address, options)
      : new Observable((subscriber) => {
          const { host, port } = address;
          const wanted = formatAddress({ kind: 'tcp', host, port });
          if (taken.has(wanted)) {
            subscriber.error(inUse(wanted));
            return;
          }
          subscriber.add(
            open(address, options).subscribe({
              next: (opened) => {
                const real = opened.address;
                const name = real.kind === 'tcp' ? formatAddress({ kind: 'tcp', host, port: real.port }) : wanted;
                taken.add(name);
                subscriber.add(() => taken.delete(name));
                subscriber.next(opened);
              },
              error: (error: unknown) => subscriber.error(error),
              complete: () => subscriber.complete(),
            }),
          );
        });
