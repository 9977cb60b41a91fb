import { createRequire } from 'node:module';
import type { Dispatcher } from 'undici';
import { type Address, formatAddress } from '../../config/address.ts';
import type { HealthCheck, StatusMatch } from '../../config/health-settings.ts';
import { connectionError, dialled } from '../dial.ts';
import { HealthCheckError } from '../errors.ts';
import type { RunCheck } from '../monitor.ts';

const require = createRequire(import.meta.url);

/** Loaded when it is first needed: that takes 50 ms, which every process that only imports this would pay. */
const undici = (): typeof import('undici') => require('undici');

/** Where a server answers, and how. */
export interface HttpTarget {
  readonly address: Address;
  /** It speaks TLS. */
  readonly encrypted: boolean;
  /** Milliseconds until a connection must stand; whoever runs the check bounds the rest. */
  readonly timeoutMs: number;
}

type HttpCheck = Extract<HealthCheck, { readonly kind: 'http' }>;

/** How much of a body is looked at. */
const MOST_BYTES = 65_536;

/** An encoded body would hide what it contains; both can be given in the config. */
const HEADERS = { 'user-agent': 'sluice-health', 'accept-encoding': 'identity' };

const ignore = (): void => {};

/**
 * A check that sends one request to a server and looks at the answer: its status, and whether the first 64 KiB of its
 * body contain a text. Redirects are answers, and not followed.
 *
 * Each request has a connection of its own, so that no idle one stands in the way of a drain. Certificates are not
 * verified: the server is dialled at its own address on this machine, which its certificate need not name. The name it
 * is asked for over TLS is the one in the `host` header.
 *
 * @returns a check whose promise rejects with a `HealthCheckError`, or with the signal's reason when that is aborted.
 */
export const httpCheck = (check: HttpCheck, { address, encrypted, timeoutMs }: HttpTarget): RunCheck => {
  const to = dialled(address);
  const { buildConnector, Client } = undici();
  const connect = buildConnector({
    timeout: timeoutMs,
    rejectUnauthorized: false,
    // Kept between checks: a resumed session spares both sides the costly part of a handshake.
    maxCachedSessions: 1,
    ...(to.kind === 'unix' ? { socketPath: to.path } : {}),
  });
  const origin = `${encrypted ? 'https' : 'http'}://${to.kind === 'unix' ? 'localhost' : formatAddress(to)}`;
  const headers = withDefaults(check.headers);
  return async (signal) => {
    const client = new Client(origin, { connect, headersTimeout: 0, bodyTimeout: 0 });
    try {
      // `reset` asks the server to close: it learns that nobody will use the connection again.
      const answer = await client.request({ path: check.path, method: check.method, headers, signal, reset: true });
      await judge(check, answer);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw cause instanceof HealthCheckError ? cause : connectionError(to, cause);
    } finally {
      // Nothing waits for a request any more: how closing went is nobody's business.
      client.destroy().catch(ignore);
    }
  };
};

const withDefaults = (given: Readonly<Record<string, string>>): Record<string, string> => {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(HEADERS).filter(([name]) => !names.has(name))), ...given };
};

const judge = async (check: HttpCheck, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<void> => {
  // A body that is let go before its end says so in an event.
  body.on('error', ignore);
  // Without the query, and without the text that is looked for: what is shown must not hold what is secret.
  const asked = `${check.method} ${check.path.replace(/\?.*/, '')}`;
  if (!check.status.some((match) => isMatch(statusCode, match))) {
    await finish(headers, body);
    const message = `${asked} was answered with ${statusCode}, not ${check.status.join(', ')}`;
    throw new HealthCheckError('ERR_HEALTH_STATUS', message);
  }
  if (check.body === undefined) return finish(headers, body);
  if (await contains(body, check.body)) return;
  throw new HealthCheckError('ERR_HEALTH_BODY', `the answer to ${asked} does not contain the text it should`);
};

const isMatch = (status: number, match: StatusMatch): boolean =>
  typeof match === 'number' ? status === match : Math.floor(status / 100) === Number(match[0]);

/** Reads a body to its end when it is announced to be short, so that the server is not cut off; others are let go. */
const finish = async (headers: Dispatcher.ResponseData['headers'], body: AsyncIterable<Buffer>): Promise<void> => {
  if (!(Number(headers['content-length']) <= MOST_BYTES)) return;
  for await (const _ of body);
};

/** Whether the beginning of a body contains a text; stops as soon as it is found, so that a stream may go on for ever. */
const contains = async (body: AsyncIterable<Buffer>, text: string): Promise<boolean> => {
  let seen: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    seen = Buffer.concat([seen, chunk]).subarray(0, MOST_BYTES);
    if (seen.includes(text)) return true;
    if (seen.length === MOST_BYTES) return false;
  }
  return false;
};
