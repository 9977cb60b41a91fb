import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Context } from 'hono';
import { type ProxyConfig, type ProxySettings, proxySettingsOf } from '../../config/proxy-config.ts';
import { parseTarget } from '../../config/proxy-target.ts';
import { urlOfTarget, weightOf } from '../../config/target-config.ts';
import { alreadySent } from '../http/already-sent.ts';
import { Answer } from '../http/answer.ts';
import { bindingsOf, callerIn } from '../http/bindings.ts';
import { type Handover, handoverOf } from '../http/handover.ts';
import type { Asked } from '../http/reply.ts';
import { openTargets } from '../open-targets.ts';
import type { RouteAnswer, RouteBuilder, RouteSite } from '../route.ts';
import { DirectAnswer } from './direct-answer.ts';
import { ProxyCaError, ProxyError, type ProxyErrorCode } from './errors.ts';
import { type Lineup, LiveLineup } from './lineup.ts';
import { Member } from './member.ts';
import { Outbounds } from './outbound.ts';
import { type Reporter, refusalOf } from './refusal.ts';
import { ResponseAnswer } from './response-answer.ts';
import { Rotation } from './rotation.ts';
import { isAsItCame, saidAfterMiddleware, saidOnTheWire } from './said.ts';
import type { Target, Targets } from './targets.ts';
import { openTunnel } from './tunnel.ts';
import type { UpstreamOptions } from './upstream.ts';

/** PEM text, or what a file of it holds. */
const certificates = (ca: string, baseDir: string): string => {
  if (ca.includes('-----BEGIN')) return ca;
  const file = resolve(baseDir, ca);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProxyCaError(file, { cause });
  }
};

const connectingOf = (
  { connectTimeoutMs, maxConnections, keepAliveTimeoutMs, tls = {} }: ProxySettings,
  baseDir: string,
): UpstreamOptions => ({
  connectTimeoutMs,
  maxConnections,
  keepAliveTimeoutMs,
  ca: tls.ca === undefined ? undefined : certificates(tls.ca, baseDir),
  servername: tls.servername,
  rejectUnauthorized: tls.rejectUnauthorized ?? true,
});

const lineupOf = (settings: ProxySettings, targets: Targets, { server, logger, baseDir }: RouteSite): Lineup => {
  const options = connectingOf(settings, baseDir);
  const find = (url: string): Target | undefined => {
    const result = parseTarget(url);
    return result.ok ? targets.of(result.target, options) : undefined;
  };
  if (typeof settings.targets === 'function') return new LiveLineup(settings.targets, { server, logger, find }).members;
  const members = settings.targets.map((given) => {
    const target = find(urlOfTarget(given));
    if (target === undefined) throw new TypeError(`'${urlOfTarget(given)}' is no target`);
    return new Member(target, weightOf(given));
  });
  return () => members;
};

const askedIn = (c: Context): Asked =>
  bindingsOf(c.env)?.incoming ?? { method: c.req.method, url: c.req.path, headers: {} };

/** Whether a body is encoded by nothing but chunks, if at all: another coding nobody undoes on the way. */
const isChunked = (coding: string | undefined): boolean => coding === undefined || coding.toLowerCase() === 'chunked';

/** A route that passes requests on. */
class PassingRoute {
  readonly #outbounds: Outbounds;
  readonly #rotation: Rotation;
  readonly #reporter: Reporter;
  readonly #names: () => string;
  readonly #websocket: boolean;
  readonly #sent = alreadySent();

  constructor(settings: ProxySettings, lineup: Lineup, { server, logger }: Pick<Reporter, 'server' | 'logger'>) {
    // Unlike any other's: it is how a request that comes back is recognised.
    this.#outbounds = new Outbounds(settings, `sluice-${randomBytes(6).toString('hex')}`);
    this.#rotation = new Rotation(lineup, settings);
    this.#reporter = { server, logger, retryAfter: () => this.#rotation.retryAfter(performance.now()) };
    this.#names = () =>
      lineup()
        .map(({ target }) => target.name)
        .join(', ');
    this.#websocket = settings.websocket;
  }

  /** Nobody else has a say in a request that is answered by its first handler; any other may be changed on both ways. */
  answer(c: Context): Response | Promise<Response> {
    const outgoing: unknown = bindingsOf(c.env)?.outgoing;
    const { method } = c.req;
    const handover = outgoing instanceof Answer ? handoverOf(outgoing) : undefined;
    if (handover !== undefined && this.#websocket) return this.#throughResponse(c, handover);
    // Hono answers HEAD with a copy of the response, which has to be one.
    if (c.req.routeIndex > 0 || method === 'HEAD' || !(outgoing instanceof Answer)) return this.#throughResponse(c);
    if (!isChunked(outgoing.req.headers['transfer-encoding'])) return this.#refuse('ERR_PROXY_REQUEST', c);
    this.direct(outgoing);
    return this.#sent;
  }

  /** Answers a request as it arrived. */
  direct(outgoing: Answer): void {
    const outbound = this.#outbounds.of(saidOnTheWire(outgoing.req), outgoing.req.socket);
    if (outbound !== undefined) {
      new DirectAnswer(outgoing, this.#reporter, this.#rotation, outbound);
      return;
    }
    const error = new ProxyError('ERR_PROXY_LOOP', this.#names());
    const { status, headers, body } = refusalOf(error, this.#reporter, outgoing.req);
    outgoing.writeHead(status, headers);
    outgoing.end(body);
  }

  /** @param handover - the connection, for a WebSocket. */
  async #throughResponse(c: Context, handover?: Handover): Promise<Response> {
    const asked = askedIn(c);
    if (!isChunked(asked.headers['transfer-encoding'])) return this.#refuse('ERR_PROXY_REQUEST', c);
    const outgoing: unknown = bindingsOf(c.env)?.outgoing;
    const upgrade = handover === undefined ? null : 'websocket';
    const said =
      outgoing instanceof Answer && isAsItCame(c.req.raw)
        ? { ...saidOnTheWire(outgoing.req), upgrade }
        : await saidAfterMiddleware(c, asked, upgrade);
    const outbound = this.#outbounds.of(said, callerIn(c.env)?.socket);
    if (outbound === undefined) return this.#refuse('ERR_PROXY_LOOP', c);
    const reply = bindingsOf(c.env)?.outgoing;
    if (reply?.destroyed) return new Response(null, { status: 503 });
    const answer =
      handover === undefined
        ? new ResponseAnswer(asked, this.#reporter, this.#rotation, outbound)
        : new ResponseAnswer(asked, this.#reporter, this.#rotation.forTunnels, outbound, (headers, socket, target) => {
            openTunnel(headers, handover, socket, target);
            return alreadySent();
          });
    if (reply !== undefined) reply.once('close', () => answer.leave());
    else c.req.raw.signal.addEventListener('abort', () => answer.leave());
    return answer.response;
  }

  #refuse(code: ProxyErrorCode, c: Context): Response {
    const error = new ProxyError(code, this.#names());
    const { status, headers, body } = refusalOf(error, this.#reporter, askedIn(c));
    // What nobody can read to its end has nothing behind it.
    return new Response(body, {
      status,
      headers: code === 'ERR_PROXY_REQUEST' ? { ...headers, connection: 'close' } : headers,
    });
  }
}

/**
 * Builds a route that passes requests on to targets, and their answers back.
 *
 * @throws ProxyCaError when the certificates to trust cannot be read.
 */
export const buildProxy: RouteBuilder<string | ProxyConfig> = (config, site): RouteAnswer => {
  const settings = proxySettingsOf(config);
  const proxy = new PassingRoute(settings, lineupOf(settings, site.targets ?? openTargets(site.logger), site), site);
  return { handler: (c) => proxy.answer(c), direct: (outgoing) => proxy.direct(outgoing) };
};
