import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { Subject } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Client } from '../../../lib/server/client.ts';
import { drainConnections } from '../../../lib/server/http/drain.ts';
import { httpContext } from '../../../lib/server/http/http-server.ts';
import { Responder } from '../../../lib/server/http/responder.ts';
import { Http2Engine } from '../../../lib/server/http2/http2-engine.ts';
import type { Instruments } from '../../../lib/server/instruments.ts';
import type { DrainProgress } from '../../../lib/server/server.ts';
import { built, createLog, type Log, type Served, specOf } from '../serving.ts';

/** An answer as a client has it once its stream is over. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Speaking {
  readonly port: number;
  readonly log: Log;
  readonly responder: Responder;
  readonly clients: ReadonlySet<Client>;
  /** Whether clients that connect from now on are to leave with their first request. */
  draining: boolean;
  assign(served: Served): void;
  /** A client that speaks HTTP/2, until the test is over. */
  dial(): ClientHttp2Session;
  /** A client that says what it likes, until the test is over. */
  plug(): Socket;
  leave(): void;
  drain(timeoutMs: number): Promise<DrainProgress & { readonly ms: number }>;
}

/** Speaks HTTP/2 without encryption on a free port, until the test is over. */
export const speak = async (served: Served, instruments?: Instruments): Promise<Speaking> => {
  const log = createLog();
  const responder = new Responder(httpContext(log, true, instruments), built(specOf(served), log));
  const engine = new Http2Engine();
  const clients = new Set<Client>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    const client = engine.accept(socket, responder, 0, speaking.draining);
    clients.add(client);
    socket.once('close', () => clients.delete(client));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.close();
    engine.stop();
    responder.stop();
    for (const { socket } of clients) socket.destroy();
  });
  const speaking: Speaking = {
    port,
    log,
    responder,
    clients,
    draining: false,
    assign: (next) => {
      responder.service = built(specOf(next), log);
    },
    dial: () => {
      const session = connect(`http://127.0.0.1:${port}`);
      session.on('error', () => undefined);
      onTestFinished(() => session.destroy());
      return session;
    },
    plug: () => {
      const socket = connectSocket({ host: '127.0.0.1', port, noDelay: true });
      socket.on('error', () => undefined);
      onTestFinished(() => {
        socket.destroy();
      });
      return socket;
    },
    leave: () => {
      speaking.draining = true;
      for (const client of clients) client.leave();
    },
    drain: (timeoutMs) => {
      const startedAt = performance.now();
      speaking.leave();
      const ended = new Subject<void>();
      onTestFinished(() => ended.complete());
      return new Promise((resolve) => {
        let last: DrainProgress = { connections: 0, cut: 0 };
        drainConnections(
          () => ({ clients: [...clients], receiving: new Set() }),
          timeoutMs,
          () => false,
        ).subscribe({
          next: (progress) => {
            last = progress;
          },
          complete: () => resolve({ ...last, ms: performance.now() - startedAt }),
        });
      });
    },
  };
  return speaking;
};

/** Asks for something; rejects when the stream is reset before its answer is whole. */
export const ask = (
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body?: string | Uint8Array,
): Promise<Received> =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
    let answer: IncomingHttpHeaders | undefined;
    const chunks: Buffer[] = [];
    let ended = false;
    stream.on('response', (received) => {
      answer = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (!ended || answer === undefined || stream.rstCode !== 0) reject(new Error(`reset with ${stream.rstCode}`));
      else resolve({ status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks).toString() });
    });
    if (body !== undefined) stream.end(body);
  });
