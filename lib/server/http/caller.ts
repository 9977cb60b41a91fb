import type { Client } from '../client.ts';
import type { ReplyBindings } from './reply.ts';

/** Who calls handlers, and takes what they throw. */
export interface HandlerCaller {
  /** Has the request answered by the service in force. */
  fetch(request: Request, env: ReplyBindings): Response | Promise<Response>;
  /** Turns what a handler threw into the answer its client gets. */
  fail(error: unknown, env: ReplyBindings): Response;
}

/** A client's connection as its requests see it, whatever it speaks. */
export interface Caller extends Client {
  readonly server: HandlerCaller;
  /** Aborts when the connection is told to leave. */
  readonly drainSignal: AbortSignal;
  /** Requests that wait for their answer. */
  open: number;
  /** `performance.now()` of the last sign of life. */
  activeAt: number;
}

const CALLER = Symbol('sluice.caller');

interface Called {
  [CALLER]?: Caller;
}

/** Notes whose request it is, on what its requests carry with them. */
export const callsFor = (carrier: object, caller: Caller): void => {
  const called: Called = carrier;
  called[CALLER] = caller;
};

const calledBy = (carrier: object): Caller | undefined => {
  const called: Called = carrier;
  return called[CALLER];
};

/** Whose request it is: noted on itself where many share a socket, otherwise on its socket. */
export const callerOf = (incoming: object): Caller | undefined => {
  const own = calledBy(incoming);
  if (own !== undefined || !('socket' in incoming)) return own;
  const { socket } = incoming;
  return typeof socket === 'object' && socket !== null ? calledBy(socket) : undefined;
};
