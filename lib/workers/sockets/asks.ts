import { Observable, type Subscriber } from 'rxjs';
import { type Address, formatAddress, parseAddress } from '../../config/address.ts';
import { BindError } from '../../listener/errors.ts';
import { isHandle } from '../../listener/handle.ts';
import { fromErrorData } from '../error-data.ts';
import type { ErrorData, ToWorker } from '../protocol.ts';
import type { SocketLink } from '../socket-link.ts';
import type { FedListener } from './fed-listener.ts';

/** The primary has the address. */
export interface Answer {
  readonly id: number;
  readonly address: Address;
  /** The socket that is shared; without it connections are fed, or a socket of one's own is to be made. */
  readonly handle: unknown;
}

interface Ask {
  readonly address: string;
  readonly subscriber: Subscriber<Answer>;
  isAnswered: boolean;
}

const GONE_HINT = 'the primary of this worker has ended; nothing can be bound any more';

const gone = (address: string): BindError => {
  const cause = Object.assign(new Error('the primary is gone'), { code: 'ERR_IPC_CHANNEL_CLOSED' });
  return new BindError(address, { cause, hint: GONE_HINT });
};

/** As if it had been tried here. */
const refusal = (address: string, error: ErrorData): BindError => {
  const cause = error.name === 'BindError' ? error.cause : error;
  return new BindError(address, {
    ...(cause !== undefined && { cause: fromErrorData(cause) }),
    ...(error.hint !== undefined && { hint: error.hint }),
  });
};

/** What a worker has asked its primary for, and what came of it. */
export class Asks {
  readonly #link: SocketLink;
  readonly #open = new Map<number, Ask>();
  readonly #fed = new Map<number, FedListener>();
  #isHeard = false;

  constructor(link: SocketLink) {
    this.#link = link;
  }

  /**
   * Asks for an address. Cold: emits the answer and stays open, errors with a `BindError`; unsubscribing gives it back.
   */
  ask(address: Address): Observable<Answer> {
    return new Observable((subscriber) => {
      this.#hear();
      const text = formatAddress(address);
      const id = this.#link.nextId();
      this.#open.set(id, { address: text, subscriber, isAnswered: false });
      subscriber.add(() => {
        if (this.#open.delete(id)) this.#link.send({ type: 'unlisten', id });
      });
      this.#link.send({ type: 'listen', id, address: text }, undefined, (sent) => {
        if (!sent) this.#fail(id, gone(text));
      });
    });
  }

  /** Connections for the answer `id` go there until the function that is returned is called. */
  feed(id: number, listener: FedListener): () => void {
    this.#fed.set(id, listener);
    return () => this.#fed.delete(id);
  }

  /** From the first time that anything is asked on, for good. */
  #hear(): void {
    if (this.#isHeard) return;
    this.#isHeard = true;
    this.#link.onMessage((message, handle) => this.#take(message, handle));
    this.#link.onGone(() => {
      // Who has an answer keeps what it has: it is for the end of this process to let go of it.
      for (const [id, { address, isAnswered }] of this.#open) if (!isAnswered) this.#fail(id, gone(address));
    });
  }

  /** Whether the handle is in use now; one that is not is closed by the link. */
  #take(message: ToWorker, handle: unknown): boolean {
    switch (message.type) {
      case 'listening':
        return this.#answer(message.id, message.address, handle);
      case 'connection':
        return this.#feed(message.id, message.connection, handle);
      case 'listen-failed': {
        const ask = this.#open.get(message.id);
        if (ask !== undefined) this.#fail(message.id, refusal(ask.address, message.error));
        return false;
      }
      default:
        return false;
    }
  }

  #answer(id: number, text: string, handle: unknown): boolean {
    const ask = this.#open.get(id);
    const result = parseAddress(text);
    // Nobody waits for it any more.
    if (ask === undefined || ask.isAnswered || !result.ok) return false;
    ask.isAnswered = true;
    ask.subscriber.next({ id, address: result.address, handle });
    return true;
  }

  #feed(id: number, connection: number, handle: unknown): boolean {
    const listener = this.#fed.get(id);
    // Given back meanwhile: as soon as the primary hears of that, another one gets it.
    if (listener === undefined || !isHandle(handle)) return false;
    listener.feed({ connection, handle, taken: () => this.#link.send({ type: 'accepted', connection }) });
    return true;
  }

  #fail(id: number, error: BindError): void {
    const ask = this.#open.get(id);
    // Without an answer there is nothing to give back.
    this.#open.delete(id);
    ask?.subscriber.error(error);
  }
}
