import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Context } from 'hono';
import type { Answer } from '../http/answer.ts';
import type { Said } from './outbound.ts';
import { pathOf } from './path.ts';
import { Upload } from './upload.ts';

type Incoming = Answer['req'];

/** Whether a request of HTTP/1 has a body: one is announced by its length, or by its framing (RFC 9112 §6.3). */
const hasBody = ({ headers }: Incoming): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** What a request says that nobody has looked at before: read where it arrived. */
export const saidOnTheWire = (incoming: Incoming): Said => ({
  method: incoming.method ?? 'GET',
  // Canonical: whoever received the request has seen to that.
  path: incoming.url ?? '/',
  rawHeaders: incoming.rawHeaders,
  connection: incoming.headers.connection,
  host: incoming.headers.host,
  contentLength: incoming.headers['content-length'],
  body: hasBody(incoming) ? new Upload(incoming) : null,
  version: incoming.httpVersion,
  upgrade: null,
});

/**
 * What has been asked of a request as it came from `@hono/node-server`: a light request makes headers and one of Node's
 * requests when they are asked for, and keeps them under symbols. `undefined` when it is another request, or none of
 * those: then nothing goes wrong, only more slowly.
 */
const askedOf = (raw: Request): { readonly headers: boolean; readonly body: boolean } | undefined => {
  let isLight = false;
  let headers = false;
  let body = raw.bodyUsed;
  for (const { description } of Object.getOwnPropertySymbols(raw)) {
    isLight ||= description === 'incomingKey';
    headers ||= description === 'headersKey';
    body ||= description === 'requestCache';
  }
  return isLight ? { headers, body } : undefined;
};

/** Whether a request says what it said when it arrived: nobody has had anything in hands that could be changed. */
export const isAsItCame = (raw: Request): boolean => {
  const asked = askedOf(raw);
  return asked !== undefined && !asked.headers && !asked.body;
};

const ignore = (): void => {};

const versionOf = (arriving: unknown): string =>
  typeof arriving === 'object' && arriving !== null && 'httpVersion' in arriving ? String(arriving.httpVersion) : '1.1';

/** What middleware has left of the body: all of it where it arrives, a stream of it, or what it has read already. */
const bodyLeft = async (c: Context, arriving: unknown): Promise<Said['body']> => {
  const { raw } = c.req;
  if (raw.method === 'GET' || raw.method === 'HEAD') return null;
  if (arriving instanceof Readable) {
    const isAnnounced = raw.headers.has('content-length') || raw.headers.has('transfer-encoding');
    if (askedOf(raw)?.body === false && isAnnounced) return new Upload(arriving);
    // A stream of the web that is given up takes its listeners away before its request has told of the end.
    arriving.on('error', ignore);
  }
  if (raw.body === null) return null;
  if (raw.bodyUsed) return new Uint8Array(await c.req.arrayBuffer());
  // The types of Node and of the web do not know that they mean the same stream.
  return Readable.fromWeb(raw.body as WebStream<Uint8Array>);
};

/**
 * What a request says after middleware: as it stands in Hono's context now.
 *
 * @param arriving - the request as Node has it, where there is one.
 * @param upgrade - the protocol it asks for, when it is to get it.
 */
export const saidAfterMiddleware = async (c: Context, arriving: unknown, upgrade: string | null): Promise<Said> => {
  const { raw } = c.req;
  const rawHeaders: string[] = [];
  for (const [name, value] of raw.headers) rawHeaders.push(name, value);
  const body = await bodyLeft(c, arriving);
  return {
    method: raw.method,
    path: pathOf(raw.url),
    rawHeaders,
    connection: raw.headers.get('connection') ?? undefined,
    host: raw.headers.get('host') ?? new URL(raw.url).host,
    // What was read already has the length it has.
    contentLength: body instanceof Readable ? (raw.headers.get('content-length') ?? undefined) : undefined,
    body,
    version: versionOf(arriving),
    upgrade,
  };
};
