import { createServer, Http2ServerRequest, type Http2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { http2Defaults } from '../../config/http2-config.ts';
import type { Client } from '../client.ts';
import type { Responder } from '../http/responder.ts';
import { Session } from './session.ts';
import { sessionOptions, settingsOf } from './session-settings.ts';
import { StreamAnswer } from './stream-answer.ts';

/** How often sessions are looked at for what has no event. */
const LOOK_MS = 200;

/**
 * HTTP/2 on connections that somebody else accepted and encrypted: a `node:http2` server that never listens.
 *
 * Limits are those of the service that is in force for a session; nothing has to be told when they change.
 */
export class Http2Engine {
  readonly #http2 = createServer({ ...sessionOptions, Http2ServerRequest, Http2ServerResponse: StreamAnswer });
  readonly #sessions = new Set<Session>();
  #made: Http2Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** Milliseconds in which clients could have done something: it stands still when the event loop does. */
  #clock = 1;

  constructor() {
    const receive =
      (refusal?: number) =>
      (incoming: Http2ServerRequest, outgoing: StreamAnswer): void => {
        const session = Session.of(outgoing.stream);
        if (session === undefined) outgoing.stream.close();
        else session.receive(incoming, outgoing, this.#clock, refusal);
      };
    this.#http2.on('session', (session) => {
      this.#made = session;
    });
    this.#http2.on('request', receive()).on('checkContinue', receive());
    // Node would answer these itself.
    this.#http2.on('checkExpectation', receive(417)).on('connect', receive(501));
  }

  /**
   * Speaks HTTP/2 on a connection from its first byte on.
   *
   * @param era - see `Client`.
   * @param draining - whether its client is to leave after what it asks first.
   */
  accept(socket: Duplex, responder: Responder, era: number, draining: boolean): Client {
    const { limits, http2: settings = http2Defaults } = responder.service;
    this.#http2.updateSettings(settingsOf(limits.maxHeaderBytes, settings));
    this.#made = undefined;
    this.#http2.emit('connection', socket);
    if (this.#made === undefined) throw new TypeError('this connection was agreed to speak something else');
    const session = new Session(socket, this.#made, responder, { era, draining, settings });
    this.#sessions.add(session);
    socket.once('close', () => this.#forget(session));
    this.#timer ??= this.#watch();
    return session;
  }

  /** Ends looking after sessions; connections stay as they are. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #forget(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.stop();
  }

  #watch(): NodeJS.Timeout {
    this.#lookedAt = performance.now();
    return setInterval(() => this.#look(), LOOK_MS).unref();
  }

  #look(): void {
    const now = performance.now();
    this.#clock += Math.min(now - this.#lookedAt, 2 * LOOK_MS);
    this.#lookedAt = now;
    for (const session of this.#sessions) session.look(this.#clock);
  }
}
