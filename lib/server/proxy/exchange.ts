import type { Duplex } from 'node:stream';
import { ProxyError, type ProxyErrorCode } from './errors.ts';
import { isRepeatable, type RetryBudget } from './retry.ts';
import type { Target } from './targets.ts';
import type { Failure, Flow, Outbound, Receiver, ResponseHeaders } from './upstream.ts';

/** Where the answer goes. */
export interface Sink {
  head(status: number, headers: ResponseHeaders): void;
  /** Returns whether there is room for more; if not, `exchange.resume()` says when there is. */
  data(chunk: Uint8Array): boolean;
  end(): void;
  /** Nothing of an answer has been given, and there will be none. */
  refuse(error: ProxyError): void;
  /** The answer broke off in the middle. */
  tear(error: ProxyError): void;
  /** The target agreed to the other protocol that was asked for. */
  switched(headers: ResponseHeaders, socket: Duplex, target: Target): void;
}

/** A target that was picked, and whether it was because all of them should rest. */
export interface Pick {
  readonly target: Target;
  readonly isLastResort: boolean;
}

/** What all exchanges of a route share. */
export interface Dispatching {
  readonly budget: RetryBudget;
  readonly retries: number;
  readonly coolDownMs: number;
  /** A target that was not tried yet; `undefined` when there is none. */
  pick(tried: readonly Target[], key: string | undefined): Pick | undefined;
  /** Why there is none. */
  nobody(): ProxyError;
}

const CODES: Readonly<Record<Failure, ProxyErrorCode>> = {
  unreachable: 'ERR_PROXY_UNREACHABLE',
  died: 'ERR_PROXY_ENDED',
  late: 'ERR_PROXY_TIMEOUT',
  malformed: 'ERR_PROXY_RESPONSE',
  unsendable: 'ERR_PROXY_REQUEST',
};

const NONE: readonly Target[] = [];

/**
 * One request on its way to a target and its answer on the way back, with as many targets as it takes.
 *
 * 1. *sent* to a target, perhaps to another one when that fails and the request may be sent again.
 * 2. *answered*: head, data, end go to the sink as they come; nothing is tried again any more.
 * 3. *over*: ended, refused, torn, or left by its client.
 */
export class Exchange implements Receiver {
  readonly #dispatching: Dispatching;
  readonly #request: Outbound;
  readonly #sink: Sink;
  #target: Target | undefined;
  #tried: readonly Target[] = NONE;
  #isLastResort = false;
  #flow: Flow | undefined;
  #isAnswered = false;
  #isOver = false;

  constructor(dispatching: Dispatching, request: Outbound, sink: Sink) {
    this.#dispatching = dispatching;
    this.#request = request;
    this.#sink = sink;
  }

  /** Sends the request; the sink may hear of it before this returns. */
  start(): void {
    this.#dispatching.budget.earn();
    const first = this.#dispatching.pick(NONE, this.#request.key);
    if (first !== undefined) this.#send(first);
    else this.#refuse(this.#dispatching.nobody());
  }

  /** The sink has no more room. */
  pause(): void {
    if (!this.#isOver) this.#flow?.pause();
  }

  /** The sink has room again. */
  resume(): void {
    if (!this.#isOver) this.#flow?.resume();
  }

  /** Its client has left: nobody is told anything any more. */
  leave(): void {
    if (this.#isOver) return;
    const flow = this.#flow;
    this.#finish();
    flow?.abort(new Error('the client has left'));
  }

  started(flow: Flow): void {
    // It may have left while the request waited for a connection.
    if (this.#isOver) flow.abort(new Error('the client has left'));
    else this.#flow = flow;
  }

  head(status: number, headers: ResponseHeaders): void {
    if (this.#isOver) return;
    this.#target?.answered();
    this.#isAnswered = true;
    this.#sink.head(status, headers);
  }

  /** The sink cannot use the head of the answer. */
  fail(failure: Failure, cause: Error): void {
    const { name = '' } = this.#target ?? {};
    this.leave();
    this.#sink.refuse(new ProxyError(CODES[failure], name, { cause }));
  }

  data(chunk: Uint8Array): void {
    if (!this.#isOver && !this.#sink.data(chunk)) this.#flow?.pause();
  }

  ended(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#sink.end();
  }

  switched(headers: ResponseHeaders, socket: Duplex): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    const target = this.#target;
    this.#finish();
    target?.answered();
    if (target !== undefined) this.#sink.switched(headers, socket, target);
  }

  failed(failure: Failure, cause: Error): void {
    const target = this.#target;
    if (this.#isOver || target === undefined) return;
    if (this.#isAnswered) {
      this.#finish();
      this.#sink.tear(new ProxyError('ERR_PROXY_TORN', target.name, { cause }));
      return;
    }
    const isUnsent = this.#flow === undefined;
    if (failure === 'unreachable' || failure === 'died' || (failure === 'late' && isUnsent)) {
      target.failed(!isUnsent, performance.now(), this.#dispatching.coolDownMs);
    }
    this.#release();
    const next = this.#next(target, failure, isUnsent);
    if (next !== undefined) this.#send(next);
    else this.#refuse(new ProxyError(CODES[failure], target.name, { cause }));
  }

  /** Where it is sent after a target failed, if it may be. */
  #next(target: Target, failure: Failure, isUnsent: boolean): Pick | undefined {
    const { budget, retries } = this.#dispatching;
    if (this.#tried.length > retries || failure === 'unsendable') return undefined;
    // What no target has seen may be sent again whatever it is. When all should rest, one of them is enough to ask.
    if (isUnsent) return this.#isLastResort ? undefined : this.#pick();
    const { method, body } = this.#request;
    if (failure !== 'died' || !isRepeatable(method, body !== null)) return undefined;
    // Nobody else to ask: it may have been a kept connection that its end closed just then.
    const isNew = this.#tried.indexOf(target) === this.#tried.length - 1;
    const next = this.#pick() ?? (isNew ? { target, isLastResort: true } : undefined);
    return next !== undefined && budget.spend() ? next : undefined;
  }

  #pick(): Pick | undefined {
    return this.#dispatching.pick(this.#tried, this.#request.key);
  }

  #send({ target, isLastResort }: Pick): void {
    this.#target = target;
    this.#tried = this.#tried.length === 0 ? [target] : [...this.#tried, target];
    this.#isLastResort = isLastResort;
    this.#flow = undefined;
    target.inFlight += 1;
    target.upstream.send(this.#request, this);
  }

  #refuse(error: ProxyError): void {
    this.#isOver = true;
    this.#sink.refuse(error);
  }

  #release(): void {
    if (this.#target === undefined) return;
    this.#target.inFlight -= 1;
    this.#target = undefined;
  }

  #finish(): void {
    this.#isOver = true;
    this.#release();
  }
}
