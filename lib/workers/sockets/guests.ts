import { asyncScheduler, Observable, type SchedulerLike, Subscription, timer, type Unsubscribable } from 'rxjs';
import { type Address, parseAddress } from '../../config/address.ts';
import { BindError } from '../../listener/errors.ts';
import type { Handle } from '../../listener/handle.ts';
import { toErrorData } from '../error-data.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import type { Guest } from '../shared-socket.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { Asking } from './asking.ts';
import type { HeldAddresses } from './held-addresses.ts';

/**
 * Milliseconds after which an offer without an answer is made again, under its number: a process without a free file
 * descriptor loses the message together with the socket, and neither end hears of it.
 */
const AGAIN_MS = 1_000;

/** What was offered to a process and not answered yet, by the number of the connection. */
class Offers implements Guest {
  readonly #process: WorkerProcess;
  readonly #scheduler: SchedulerLike;
  readonly #open = new Map<number, () => void>();
  #count = 0;

  constructor(process: WorkerProcess, scheduler: SchedulerLike) {
    this.#process = process;
    this.#scheduler = scheduler;
  }

  send(message: ToWorker, handle?: Handle): void {
    this.#process.send(message, handle);
  }

  offer(
    id: number,
    handle: Handle,
    answer: { readonly taken: () => void; readonly undelivered: () => void },
  ): Unsubscribable {
    this.#count += 1;
    const connection = this.#count;
    const offer = new Subscription(() => this.#open.delete(connection));
    const close = (report: () => void): void => {
      if (offer.closed) return;
      offer.unsubscribe();
      report();
    };
    this.#open.set(connection, () => close(answer.taken));
    const message = { type: 'connection', id, connection } as const;
    this.#process.send(message, handle, (sent) => {
      if (!sent) close(answer.undelivered);
    });
    offer.add(timer(AGAIN_MS, AGAIN_MS, this.#scheduler).subscribe(() => this.#process.send(message, handle)));
    return offer;
  }

  take(connection: number): void {
    this.#open.get(connection)?.();
  }
}

const addressIn = (text: string): Address => {
  const result = parseAddress(text);
  if (result.ok) return result.address;
  const { message, hint } = result;
  throw new BindError(text, { cause: new Error(message), ...(hint !== undefined && { hint }) });
};

/**
 * Answers what a process asks about sockets. Cold and silent; completes with the process. Unsubscribing, as its end, lets
 * go of what it held.
 */
export const guest = (
  process: WorkerProcess,
  addresses: HeldAddresses,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<never> =>
  new Observable((subscriber) => {
    const offers = new Offers(process, scheduler);
    const asking = new Asking();
    const listening = new Map<number, Subscription>();
    /** Somebody takes its place, if anybody is to. */
    let isLeaving = false;

    const leave = (id: number): void => {
      listening.get(id)?.unsubscribe();
      listening.delete(id);
    };

    const listen = ({ id, address: text, data }: Extract<FromWorker, { type: 'listen' }>): void => {
      leave(id);
      const stay = new Subscription();
      listening.set(id, stay);
      const refuse = (error: unknown): void => {
        leave(id);
        process.send({ type: 'listen-failed', id, error: toErrorData(error) });
      };
      try {
        const address = addressIn(text);
        const asked = asking.ask(address);
        stay.add(() => asked.release());
        stay.add(
          addresses
            .hold(asked.name, address, () => isLeaving)
            .subscribe({ next: (socket) => stay.add(socket.admit(offers, id, data)), error: refuse }),
        );
      } catch (error) {
        refuse(error);
      }
    };

    const hear = (message: FromWorker): void => {
      if (message.type === 'listen') listen(message);
      else if (message.type === 'unlisten') leave(message.id);
      else if (message.type === 'accepted') offers.take(message.connection);
      else if (message.type === 'draining') isLeaving = true;
    };

    subscriber.add(() => {
      for (const id of [...listening.keys()]) leave(id);
    });
    subscriber.add(
      process.messages$.subscribe({
        next: hear,
        complete: () => {
          isLeaving = true;
          subscriber.complete();
        },
      }),
    );
  });
