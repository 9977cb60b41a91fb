import { constants, type Http2ServerRequest, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Http2Spec } from '../../config/http2-config.ts';
import type { PathPolicy } from '../../config/server-config.ts';
import { type Caller, callsFor } from '../http/caller.ts';
import { turnAway } from '../http/overload.ts';
import type { Responder } from '../http/responder.ts';
import { canonicalTarget, WHOLE_SERVER } from '../http/target.ts';
import { headerBytes, inspectStream } from './inspect-stream.ts';
import { Patience } from './patience.ts';
import { type CarryingSocket, Pulse } from './pulse.ts';
import { settingsOf } from './session-settings.ts';
import type { StreamAnswer } from './stream-answer.ts';
import { receiveBody } from './stream-body.ts';

/** Milliseconds a client gets to read its last answers and to end its side before the socket is destroyed. */
const LINGER_MS = 2_000;

/** The highest stream there can be: a GOAWAY that names it says no more than that there will be another. */
const LAST_OF_ALL = 2 ** 31 - 1;

/** A client has no reason to reset a stream without an error (RFC 9113 §8.1): that one counts for several. */
const ODD_WEIGHT = 10;

const SESSION = Symbol('sluice.session');

interface SessionCarrier {
  [SESSION]?: Session;
}

const carrierOf = (http2: object): SessionCarrier => http2;

/** Gives a request the one spelling of its path that router and handler get; 400 when it has none. */
const settlePath = (incoming: Http2ServerRequest, policy: PathPolicy): 400 | undefined => {
  const path = canonicalTarget(incoming.method, incoming.url, incoming.authority, policy);
  if (path !== undefined && path !== incoming.url) incoming.url = path;
  return path === undefined ? 400 : undefined;
};

export interface SessionOptions {
  /** See `Client`. */
  readonly era: number;
  /** Its client is to leave after what it asks first. */
  readonly draining: boolean;
  readonly settings: Http2Spec;
}

/** One client's HTTP/2 session: a connection on which many requests are under way at once. */
export class Session implements Caller {
  readonly socket: CarryingSocket;
  readonly server: Responder;
  readonly era: number;
  open = 0;
  activeAt = performance.now();
  #draining: boolean;
  readonly #http2: Http2Session;
  readonly #answers = new Set<StreamAnswer>();
  readonly #madeAt = performance.now();
  readonly #patience: Patience;
  readonly #pulse: Pulse;
  /** It was said that there will be an end. */
  #announced = false;
  /** The client has said that it leaves by itself. */
  #parting = false;
  #lingering = false;
  /** The client has said that it speaks HTTP/2. */
  #greeted = false;
  /** Those it was made with: others are for sessions that begin later. */
  readonly #settings: Http2Spec;
  #maxHeaderBytes: number;
  #drained: AbortController | undefined;

  constructor(
    socket: CarryingSocket,
    http2: Http2Session,
    server: Responder,
    { era, draining, settings }: SessionOptions,
  ) {
    this.socket = socket;
    this.server = server;
    this.era = era;
    this.#http2 = http2;
    this.#pulse = new Pulse(http2, socket);
    this.#draining = draining;
    this.#settings = settings;
    this.#patience = new Patience(this.#madeAt, settings);
    this.#maxHeaderBytes = server.service.limits.maxHeaderBytes;
    carrierOf(http2)[SESSION] = this;
    http2.setLocalWindowSize(settings.connectionWindowSize);
    http2.on('remoteSettings', () => {
      this.#greeted = true;
      this.#question('SETTINGS');
    });
    http2.on('ping', () => this.#question('PING'));
    const close = http2.close.bind(http2);
    let theirs = false;
    http2.on('goaway', (code) => {
      theirs = code === constants.NGHTTP2_NO_ERROR;
      if (theirs) setImmediate(() => this.#part());
    });
    // Node closes a session right after this event, and refuses what its client had asked for before: it comes second,
    // because a GOAWAY is sent ahead of requests. What it says concerns pushes (RFC 9113 §6.8), and there are none.
    http2.close = (callback) => {
      if (!theirs) close(callback);
      theirs = false;
    };
    socket.once('finish', () => this.#linger());
    // From now on nobody can tell that the client is gone: Node does not pass on that a write has failed. It gets the
    // answers that are there in a moment.
    socket.once('end', () => {
      this.#part();
      this.#linger();
    });
  }

  /** The session a stream belongs to. */
  static of({ session }: ServerHttp2Stream): Session | undefined {
    return session === undefined ? undefined : carrierOf(session)[SESSION];
  }

  get drainSignal(): AbortSignal {
    if (this.#drained === undefined) {
      const drained = new AbortController();
      this.#drained = drained;
      // Told already: a listener that is added to an aborted signal would never hear of it.
      if (this.#draining) queueMicrotask(() => drained.abort());
    }
    return this.#drained.signal;
  }

  /**
   * A request's head has arrived.
   *
   * @param now - on the clock that looks are taken by.
   * @param refusal - the status it is refused with, whatever it says.
   */
  receive(incoming: Http2ServerRequest, outgoing: StreamAnswer, now: number, refusal?: number): void {
    const { stream } = outgoing;
    this.#patience.use(headerBytes(incoming.rawHeaders));
    if (stream.destroyed || stream.closed) {
      this.#broken();
      return;
    }
    this.activeAt = performance.now();
    callsFor(incoming, this);
    outgoing.server = this.server;
    outgoing.askedAt = now;
    this.#answers.add(outgoing);
    stream.once('close', () => this.#ended(outgoing));
    if (this.#draining || !this.server.service.keepAlive) this.#announce();

    const { limits, paths } = this.server.service;
    const status = refusal ?? inspectStream(incoming, limits) ?? settlePath(incoming, paths);
    const isTooMany = status === undefined && this.server.isFull;
    const observed = this.server.observe(incoming, '2', this.activeAt, isTooMany ? 503 : status);
    observed?.follow(outgoing);
    if (status !== undefined) {
      outgoing.giveUp(status);
      return;
    }
    if (isTooMany) {
      turnAway(outgoing);
      outgoing.stream.once('finish', () => outgoing.dropRequest());
      return;
    }
    if (incoming.url === WHOLE_SERVER) {
      // Nothing that a route could say holds for all of them; an empty answer says that somebody is there.
      outgoing.writeHead(204);
      outgoing.end();
      return;
    }
    if (incoming.headers.expect !== undefined) outgoing.writeContinue();
    if (!stream.endAfterHeaders) {
      const maxBytes = limits.maxBodyBytes || Number.POSITIVE_INFINITY;
      receiveBody(incoming, outgoing, { maxBytes, came: (bytes) => this.#patience.use(bytes) });
    }
    const answer = (): void => {
      this.server.watch(this.server.context.answerStream(incoming, outgoing), outgoing, this);
    };
    if (observed === undefined) answer();
    else {
      if (!stream.endAfterHeaders) observed.receive(incoming);
      observed.run(answer);
    }
  }

  /** Looks after what has no event: requests that do not come, answers that are not taken, clients that only talk. */
  look(now: number): void {
    const { limits } = this.server.service;
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, writeTimeoutMs, maxHeaderBytes } = limits;
    const time = performance.now();
    if (!this.#greeted && headersTimeoutMs > 0 && time - this.#madeAt >= headersTimeoutMs) {
      this.socket.destroy();
      return;
    }
    if (this.#answers.size === 0) this.#pulse.rest();
    else if (this.#pulse.isGone(now)) {
      this.socket.destroy();
      return;
    }
    if (!this.#patience.listen(this.socket, time)) {
      this.#calm('it sends what belongs to no request');
      return;
    }
    if (this.#answers.size === 0 && keepAliveTimeoutMs > 0 && this.silentMs(time) >= keepAliveTimeoutMs) this.end();
    for (const answer of this.#answers) {
      if (answer.stuck) {
        this.#broken(ODD_WEIGHT);
        answer.destroy();
      } else if (writeTimeoutMs > 0 && answer.stalledMs(now) >= writeTimeoutMs) {
        this.#log('a client takes nothing of what is sent to it');
        answer.cut(constants.NGHTTP2_CANCEL);
      } else if (requestTimeoutMs > 0 && now - answer.askedAt >= requestTimeoutMs && !answer.asked) {
        answer.giveUp(408);
      }
    }
    if (maxHeaderBytes !== this.#maxHeaderBytes && !this.#http2.destroyed) {
      this.#maxHeaderBytes = maxHeaderBytes;
      this.#http2.settings(settingsOf(maxHeaderBytes, this.#settings));
    }
  }

  silentMs(now: number): number {
    return now - this.activeAt;
  }

  isIdle(): boolean {
    return this.#answers.size === 0 && this.socket.writableLength === 0;
  }

  /**
   * Told to leave: a client that has asked for something is told which stream was the last. One that has not asked for
   * anything is told with its next request, or after it has been silent for a while, as in HTTP/1: what it sends before
   * it could know is answered then.
   */
  leave(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.#answers.size > 0) this.#announce();
    this.#drained?.abort();
  }

  /** Names the last stream, and ends the connection as soon as those that were begun are over. */
  end(): void {
    this.#http2.close();
    // Half a request keeps Node from ending it.
    if (this.#answers.size === 0) this.#linger();
  }

  /**
   * Says that there will be an end, ahead of the answers that are still to come, so that whoever waits for one of them
   * asks elsewhere next; and, after all has been read that has arrived, which stream was the last. Node looks at none
   * that comes after the first of these two frames.
   */
  #announce(): void {
    if (this.#announced || this.#http2.closed || this.#http2.destroyed) return;
    this.#announced = true;
    this.#http2.goaway(constants.NGHTTP2_NO_ERROR, LAST_OF_ALL);
    setImmediate(() => this.end());
  }

  /** The client leaves by itself: what it asked for it gets. */
  #part(): void {
    this.#parting = true;
    if (this.#answers.size === 0) this.end();
  }

  #ended(answer: StreamAnswer): void {
    if (answer.brokenOff) this.#broken();
    this.#answers.delete(answer);
    this.activeAt = performance.now();
    if (this.#parting && this.#answers.size === 0) this.end();
  }

  #broken(weight = 1): void {
    if (!this.#patience.breakOff(performance.now(), weight)) this.#calm('it breaks off what it asks for');
  }

  #question(frame: string): void {
    if (!this.#patience.question(performance.now())) this.#calm(`it sends one ${frame} frame after the other`);
  }

  /** Ends the session at once because of what its client does. */
  #calm(why: string): void {
    if (this.#http2.destroyed) return;
    this.#log(`an HTTP/2 client is cut off: ${why}`);
    this.#http2.destroy(new Error(why), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #log(message: string): void {
    this.server.service.logger.debug(`server ${this.server.service.id}: ${message}`);
  }

  #linger(): void {
    if (this.socket.destroyed || this.#lingering) return;
    this.#lingering = true;
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    timer.unref();
    this.socket.once('close', () => clearTimeout(timer));
  }
}
