import { request as askHttp, type IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2, type IncomingHttpStatusHeader } from 'node:http2';
import { request as askHttps } from 'node:https';
import { onTestFinished } from 'vitest';
import { type Served, type Serving, serve } from './serving.ts';
import { certificate } from './tls/certificates.ts';

/** What a client asks. */
export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A whole answer, whatever it came in. */
export interface Given {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a client has in the end; `'cut'` when it can tell that this is not all of it. */
export type Result = Given | 'cut';

export interface Transport {
  readonly serving: Serving;
  ask(question?: Question): Promise<Result>;
}

const portOf = ({ address }: Serving): number => {
  if (address.kind !== 'tcp') throw new TypeError('these clients need a port');
  return address.port;
};

const plain = (headers: IncomingHttpHeaders): Given['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));

const overHttp1 =
  (serving: Serving, send: typeof askHttp): Transport['ask'] =>
  ({ method = 'GET', path = '/', headers = {}, body } = {}) =>
    new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: portOf(serving), agent: false, rejectUnauthorized: false };
      const request = send({ ...options, method, path, headers: { host: 'localhost', ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('close', () => {
          if (!response.complete) resolve('cut');
          const { statusCode = 0 } = response;
          resolve({ status: statusCode, headers: plain(response.headers), body: Buffer.concat(chunks).toString() });
        });
        response.on('error', () => resolve('cut'));
      });
      request.on('error', () => resolve('cut'));
      onTestFinished(() => {
        request.destroy();
      });
      request.end(body);
    });

const overHttp2 =
  (serving: Serving): Transport['ask'] =>
  ({ method = 'GET', path = '/', headers = {}, body } = {}) =>
    new Promise((resolve) => {
      const session = connectHttp2(`https://127.0.0.1:${portOf(serving)}`, { rejectUnauthorized: false });
      session.on('error', () => resolve('cut'));
      onTestFinished(() => session.destroy());
      const head = { ':method': method, ':path': path, ':authority': 'localhost', ...headers };
      const stream = session.request(head, { endStream: body === undefined });
      let given: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
      const chunks: Buffer[] = [];
      stream.on('response', (received) => {
        given = received;
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => resolve('cut'));
      stream.once('close', () => {
        session.close();
        if (stream.rstCode !== 0) resolve('cut');
        resolve({ status: given[':status'] ?? 0, headers: plain(given), body: Buffer.concat(chunks).toString() });
      });
      if (body !== undefined) stream.end(body);
    });

/** Every way to serve; what a handler returns means the same in each of them. */
export const transports = {
  http: async (served: Served): Promise<Transport> => {
    const serving = await serve(served);
    return { serving, ask: overHttp1(serving, askHttp) };
  },
  https: async (served: Served): Promise<Transport> => {
    const serving = await serve({ ...served, tls: await certificate() });
    return { serving, ask: overHttp1(serving, askHttps) };
  },
  http2: async (served: Served): Promise<Transport> => {
    const serving = await serve({ ...served, tls: await certificate(), http2: true });
    return { serving, ask: overHttp2(serving) };
  },
} as const;
