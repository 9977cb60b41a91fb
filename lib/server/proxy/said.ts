import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Context } from 'hono';
import type { Answer } from '../http/answer.ts';
import type { Said } from './outbound.ts';
import { Upload } from './upload.ts';

type Incoming = Answer['req'];

/** Whether a request of HTTP/1 has a body: one is announced by its length, or by its framing (RFC 9112 §6.3). */
const hasBody = ({ headers }: Incoming): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** What a request says that nobody has looked at before: read where it arrived. */
export const saidOnTheWire = (incoming: Incoming, method: string, url: string): Said => ({
  method,
  url,
  rawHeaders: incoming.rawHeaders,
  connection: incoming.headers.connection,
  host: incoming.headers.host,
  contentLength: incoming.headers['content-length'],
  body: hasBody(incoming) ? new Upload(incoming) : null,
  version: incoming.httpVersion,
  upgrade: null,
});

/** What middleware has left of the body: the stream, or what it has read already. */
const bodyLeft = async (c: Context): Promise<Said['body']> => {
  const { raw } = c.req;
  if (raw.method === 'GET' || raw.method === 'HEAD' || raw.body === null) return null;
  if (raw.bodyUsed) return new Uint8Array(await c.req.arrayBuffer());
  // The types of Node and of the web do not know that they mean the same stream.
  return Readable.fromWeb(raw.body as WebStream<Uint8Array>);
};

/**
 * What a request says after middleware: as it stands in Hono's context now.
 *
 * @param upgrade - the protocol it asks for, when it is to get it.
 */
export const saidAfterMiddleware = async (c: Context, version: string, upgrade: string | null): Promise<Said> => {
  const { raw } = c.req;
  const rawHeaders: string[] = [];
  for (const [name, value] of raw.headers) rawHeaders.push(name, value);
  const body = await bodyLeft(c);
  return {
    method: raw.method,
    url: raw.url,
    rawHeaders,
    connection: raw.headers.get('connection') ?? undefined,
    host: raw.headers.get('host') ?? new URL(raw.url).host,
    // What was read already has the length it has.
    contentLength: body instanceof Readable ? (raw.headers.get('content-length') ?? undefined) : undefined,
    body,
    version,
    upgrade,
  };
};
