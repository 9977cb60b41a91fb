import { catchError, defer, type Observable, of, retry, throwError } from 'rxjs';
import { type Address, formatAddress } from '../../config/address.ts';
import type { PortRange } from '../../config/port-range.ts';
import { BindError } from '../errors.ts';

type TcpAddress = Extract<Address, { kind: 'tcp' }>;

const isTaken = (error: unknown): error is BindError => error instanceof BindError && error.errno === 'EADDRINUSE';

const hintFor = (count: number): string =>
  `all ${count} ports of the range are taken; write a wider one, or see who holds them with \`ss -ltnp\``;

/**
 * Binds the first port of a range that can be had, in ascending order. Nothing is asked before: a port is free when
 * binding it succeeds, so that of many who look at once each gets another one.
 *
 * Cold; emits, errors and closes as `bind` does. Errors with a `BindError` that names the range when every port is
 * taken, and with that of one port when there is another reason.
 */
export const firstFree = <T>(
  address: TcpAddress,
  { first, last }: PortRange,
  bind: (address: TcpAddress) => Observable<T>,
): Observable<T> =>
  defer(() => {
    let next = first;
    return defer(() => bind({ kind: 'tcp', host: address.host, port: next++ })).pipe(
      retry({ delay: (error) => (isTaken(error) && next <= last ? of(true) : throwError(() => error)) }),
      catchError((error: unknown) => {
        if (!isTaken(error)) throw error;
        throw new BindError(formatAddress(address), { cause: error.cause, hint: hintFor(last - first + 1) });
      }),
    );
  });
