import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { isIpv4, parseIpv6 } from '../../config/ip.ts';
import type { ProxyTarget } from '../../config/proxy-target.ts';
import type { Failure, Outbound, Receiver, ResponseHeaders, Upstream, UpstreamOptions } from '../proxy/upstream.ts';

const require = createRequire(import.meta.url);

/** Loaded when it is first needed: that takes 50 ms, which every process that only imports this would pay. */
const undici = (): typeof import('undici') => require('undici');

/**
 * How long a connection is kept without a request when its target does not say, milliseconds.
 *
 * Below the 5 s after which Node closes its own: who closes first decides whether a request can meet a closing one.
 */
const KEEP_ALIVE_MS = 4_000;

/** How often a silent connection is probed, for targets that vanish without a word. */
const PROBE_MS = 15_000;

const MALFORMED: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);
const LATE: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);
const UNSENDABLE: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** A body that is encoded for the way, by more than chunks. */
class CodingError extends Error {
  override readonly name = 'CodingError';
  constructor() {
    super('the answer has a transfer coding that is not chunked');
  }
}

const failureOf = (error: Error, isWritten: boolean): Failure => {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNSENDABLE.has(code)) return 'unsendable';
  if (LATE.has(code)) return 'late';
  if (!isWritten) return 'unreachable';
  if (MALFORMED.has(code) || error instanceof CodingError || error.name === 'HTTPParserError') return 'malformed';
  // Not asked for: `100 Continue`, or another protocol.
  if (error.message === 'bad response' || error.message === 'bad upgrade') return 'malformed';
  return 'died';
};

/** One request in the terms of undici. */
class Dispatched implements Dispatcher.DispatchHandler {
  readonly #receiver: Receiver;
  #isWritten = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#isWritten = true;
    this.#receiver.started(controller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    const coding = headers['transfer-encoding'];
    // Undici hands on what it cannot decode, and the header that says so goes no further than here.
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') controller.abort(new CodingError());
    // Interim answers are between a server and its next hop; who asked was told to go on already.
    else if (status >= 200) this.#receiver.head(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receiver.data(chunk);
  }

  onResponseEnd(): void {
    this.#receiver.ended();
  }

  onRequestUpgrade(_: Dispatcher.DispatchController, __: number, headers: ResponseHeaders, socket: Duplex): void {
    this.#receiver.switched(headers, socket);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#receiver.failed(failureOf(error, this.#isWritten), error);
  }
}

/** Addresses are no names to a TLS server (RFC 6066 §3). */
const isIp = (host: string): boolean => isIpv4(host) || parseIpv6(host) !== undefined;

const poolOf = (target: ProxyTarget, options: UpstreamOptions): Pool => {
  const { buildConnector, Pool } = undici();
  const { connectTimeoutMs, maxConnections, keepAliveTimeoutMs, ca, servername, rejectUnauthorized } = options;
  const common = {
    connections: maxConnections,
    pipelining: 1,
    keepAliveTimeout: keepAliveTimeoutMs ?? KEEP_ALIVE_MS,
    // What a target announces has the last word otherwise.
    ...(keepAliveTimeoutMs === undefined ? {} : { keepAliveMaxTimeout: keepAliveTimeoutMs }),
  };
  const connecting = { timeout: connectTimeoutMs, keepAliveInitialDelay: PROBE_MS };
  if (target.socketPath !== undefined) {
    return new Pool(target.origin, { ...common, connect: { ...connecting, socketPath: target.socketPath } });
  }
  if (!target.isEncrypted) return new Pool(target.origin, { ...common, connect: connecting });
  const connect = buildConnector({ ...connecting, rejectUnauthorized, ...(ca === undefined ? {} : { ca }) });
  const name = servername ?? (isIp(target.hostname) ? undefined : target.hostname);
  return new Pool(target.origin, {
    ...common,
    // Left alone undici names the server as `Host` does, and that may be the client's to say.
    connect: ({ servername: _, ...where }, callback) =>
      connect(name === undefined ? where : { ...where, servername: name }, callback),
  });
};

/** Connections to one target, kept and shared by all who pass requests on to it. */
export const openUpstream = (target: ProxyTarget, options: UpstreamOptions): Upstream => {
  const pool = poolOf(target, options);
  // One name for all requests: undici opens connections anew when it changes.
  const naming = target.isEncrypted ? { servername: options.servername ?? target.hostname } : {};
  return {
    send: ({ method, path, headers, body, upgrade, headersTimeoutMs, bodyTimeoutMs }: Outbound, receiver) => {
      const dispatched = new Dispatched(receiver);
      pool.dispatch(
        {
          path,
          method,
          headers,
          // Undici's types ask for Buffer where any bytes will do.
          body: (body as Dispatcher.DispatchOptions['body']) ?? null,
          upgrade,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: bodyTimeoutMs,
          ...naming,
        },
        dispatched,
      );
    },
  };
};
