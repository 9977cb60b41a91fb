import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Line, Log } from '../serving.ts';

/** Somebody requests are passed on to. */
export interface Backend {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** The requests it saw. */
  readonly seen: readonly IncomingMessage[];
  /** Connections it has now. */
  readonly sockets: ReadonlySet<Socket>;
  readonly connections: () => number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

const portOf = (address: unknown): number =>
  typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;

const stop = (server: { close(done: () => void): unknown }, sockets: ReadonlySet<Socket>): Promise<void> =>
  new Promise((resolve) => {
    for (const socket of sockets) socket.destroy();
    server.close(() => resolve());
  });

/** Answers requests on a free port, or a given one, until the test is over. */
export const backend = async (listener: RequestListener, port = 0): Promise<Backend> => {
  const seen: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    seen.push(request);
    listener(request, response);
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> => stop(server, sockets);
  onTestFinished(close);
  const taken = portOf(server.address());
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    server,
    seen,
    sockets,
    connections: () => connections,
    close,
  };
};

/** Answers with what it was asked, as JSON. */
export const echo = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers, rawHeaders } = request;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }));
  });
};

/** A backend that speaks bytes: everything it gets is kept, and it says what it is told to. */
export interface RawBackend {
  readonly url: string;
  readonly port: number;
  /** All bytes received, of all connections. */
  text(): string;
  readonly sockets: readonly Socket[];
}

export const rawBackend = async (onData: (socket: Socket, text: string) => void): Promise<RawBackend> => {
  let all = '';
  const sockets: Socket[] = [];
  const open = new Set<Socket>();
  const server = createRawServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => {});
    let own = '';
    socket.on('data', (chunk) => {
      all += chunk.toString('latin1');
      own += chunk.toString('latin1');
      onData(socket, own);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => stop(server, open));
  const port = portOf(server.address());
  return { url: `http://127.0.0.1:${port}`, port, text: () => all, sockets };
};

/** A port that nobody listens on. */
export const deadUrl = async (): Promise<string> => {
  const raw = createRawServer();
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const port = portOf(raw.address());
  await new Promise<void>((resolve) => raw.close(() => resolve()));
  return `http://127.0.0.1:${port}`;
};

/** Everything an operator is meant to see, except which targets come and go. */
export const besideTargets = (log: Log): readonly Line[] =>
  log.loud().filter(({ message }) => !message.startsWith('target '));
