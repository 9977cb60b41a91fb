import { Observable, type SchedulerLike, switchMap, throwError, timeout } from 'rxjs';
import { type Address, formatAddress } from '../config/address.ts';
import { openDoor, openHandle } from '../listener/door.ts';
import { BindError } from '../listener/errors.ts';
import type { Listener, Listeners } from '../listener/listener.ts';
import { takeAddress } from '../listener/listeners.ts';
import type { Sharing } from './protocol.ts';
import type { SocketLink } from './socket-link.ts';
import { type Answer, Asks } from './sockets/asks.ts';
import { FedListener } from './sockets/fed-listener.ts';

/** Milliseconds the primary has to answer; it takes less than one, and longer only when it was stopped. */
const ANSWER_MS = 10_000;

const failure = (address: Address, code: string, message: string, hint: string): BindError =>
  new BindError(formatAddress(address), { cause: Object.assign(new Error(message), { code }), hint });

/** A socket of this process alone, beside those of the others on the same port. */
const openBeside = takeAddress((address, options) => {
  const beside = { ...options, reusePort: true, exclusive: true };
  return openDoor(address, beside);
});

const feed = (asks: Asks, { id, address }: Answer): Observable<Listener> =>
  new Observable((subscriber) => {
    const listener = new FedListener(address);
    subscriber.add(asks.feed(id, listener));
    subscriber.add(listener);
    subscriber.next(listener);
  });

const listen = (asks: Asks, sharing: Sharing, answer: Answer): Observable<Listener> => {
  const { address, handle } = answer;
  if (handle !== undefined) return openHandle(address, handle);
  if (sharing === 'round-robin') return feed(asks, answer);
  if (sharing === 'reuse-port' && address.kind === 'tcp') return openBeside(address);
  const hint = 'the limit of open files of this worker may be reached; raise `ulimit -n`';
  return throwError(() => failure(address, 'EMFILE', 'the socket was lost on its way', hint));
};

/**
 * Listeners of a worker: the primary holds the addresses, and this process accepts there as well as others.
 *
 * As `Listeners` says. Unsubscribing closes what this process has of the socket in the same turn; the address is let go
 * of by the primary when no process wants it. Errors with a `BindError` also when the primary is gone, or does not answer
 * within 10 s; what listens when the primary dies goes on for as long as connections come.
 */
export const workerListeners = (link: SocketLink, sharing: Sharing, scheduler?: SchedulerLike): Listeners => {
  const asks = new Asks(link);
  return (address) =>
    asks.ask(address).pipe(
      timeout({
        first: ANSWER_MS,
        with: () =>
          throwError(() =>
            failure(address, 'ETIMEDOUT', `no answer within ${ANSWER_MS} ms`, 'the primary is stopped, or very busy'),
          ),
        ...(scheduler !== undefined && { scheduler }),
      }),
      switchMap((answer) => listen(asks, sharing, answer)),
    );
};
