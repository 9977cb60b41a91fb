import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { ControlError } from './errors.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/**
 * How a control API is reached: through a unix socket, whose file says who may, or through TCP on the loopback, where
 * every process and every web page of this machine can knock and a token is needed.
 */
export type Transport = { readonly kind: 'unix' } | { readonly kind: 'tcp'; readonly token: string };

/** Wrong tokens a peer may try at once, and per minute. */
const MOST_FAILURES = 10;

/**
 * Lets through what comes from a program that was given the token.
 *
 * Everything is judged by raw headers and the socket itself: the URL of a request is made of what its sender wrote. A
 * page that was made to believe this address is its own (DNS rebinding) sends another `Host`, one from elsewhere an
 * `Origin` or `Sec-Fetch-Site`. There are no CORS headers, so no page reads an answer either.
 */
export const guard = (transport: Transport): MiddlewareHandler => {
  if (transport.kind === 'unix') return (_, next) => next();
  const isToken = tokenCheck(transport.token);
  const failures = new Map<string, TokenBucket>();
  return async (context, next) => {
    const incoming = readIncoming(context.env);
    if (incoming === undefined || !LOOPBACK.test(incoming.localAddress)) throw forbidden('the connection is not local');
    const { host, others } = ownHeaders(incoming);
    if (host === undefined) throw forbidden('the Host header is not that of this machine');
    if (!incoming.url.startsWith('/')) throw forbidden('the target is not a path');
    const origin = others.get('origin');
    if (origin !== undefined && origin !== `http://${host}`) throw forbidden('the request comes from a web page');
    const site = others.get('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw forbidden('the request comes from a web page');
    }
    const peer = incoming.remoteAddress;
    if (isToken(others.get('authorization') ?? '')) {
      failures.delete(peer);
      return next();
    }
    const bucket = failures.get(peer) ?? createTokenBucket(MOST_FAILURES, () => performance.now() / 60);
    failures.set(peer, bucket);
    if (bucket.take()) throw new ControlError(401, 'ERR_CONTROL_TOKEN', 'the token is missing or wrong', TOKEN_HINT);
    throw new ControlError(429, 'ERR_CONTROL_TOKEN', 'too many wrong tokens', 'wait a minute');
  };
};

const TOKEN_HINT = 'send authorization: Bearer and the token';
const LOOPBACK = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/;

const forbidden = (message: string): ControlError =>
  new ControlError(403, 'ERR_CONTROL_FORBIDDEN', message, 'only programs on this machine may ask, by its own address');

/** Compares digests, which are equally long: the time it takes says nothing about the token. */
const tokenCheck = (token: string): ((authorization: string) => boolean) => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const right = digest(`Bearer ${token}`);
  return (authorization) => timingSafeEqual(digest(authorization), right) && token !== '';
};

interface Incoming {
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
}

/** What Node knows of a request and its socket; `undefined` when there is none, or the peer has hung up. */
const readIncoming = (env: unknown): Incoming | undefined => {
  const incoming = member(env, 'incoming');
  const socket = member(incoming, 'socket');
  const [url, rawHeaders] = [member(incoming, 'url'), member(incoming, 'rawHeaders')];
  const [localAddress, localPort, remoteAddress] = ['localAddress', 'localPort', 'remoteAddress'].map((name) =>
    member(socket, name),
  );
  if (typeof url !== 'string' || !Array.isArray(rawHeaders)) return undefined;
  if (typeof localAddress !== 'string' || typeof localPort !== 'number') return undefined;
  if (typeof remoteAddress !== 'string') return undefined;
  return { url, rawHeaders: rawHeaders.map(String), localAddress, localPort, remoteAddress };
};

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** The one `Host` when it is ours, and every other header by its name in small letters; twice is once too often. */
const ownHeaders = ({ rawHeaders, localPort }: Incoming) => {
  const others = new Map<string, string>();
  const hosts: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (name === 'host') hosts.push(value);
    else others.set(name, others.has(name) ? `${others.get(name)}, ${value}` : value);
  }
  const own = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${localPort}`);
  const [host = ''] = hosts;
  return { host: hosts.length === 1 && own.includes(host) ? host : undefined, others };
};
