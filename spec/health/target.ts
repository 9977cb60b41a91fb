import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import type { RunCheck } from '../../lib/health/monitor.ts';
import { directory, type Pair } from '../server/tls/certificates.ts';

/** What is checked: it counts who comes, and can tell when they have gone. */
export interface Target {
  readonly address: Address;
  readonly accepted: () => number;
  /** Resolves when nobody is connected any more. */
  readonly deserted: () => Promise<void>;
}

const listening = async (server: Server, where: { host?: string; path?: string }): Promise<Target> => {
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // The other side may hang up as it likes.
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) =>
    server.listen(where.path === undefined ? { port: 0, ...where } : { path: where.path }, resolve),
  );
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const bound = server.address();
  return {
    address:
      typeof bound === 'object' && bound !== null
        ? { kind: 'tcp', host: where.host ?? '', port: bound.port }
        : { kind: 'unix', path: where.path ?? '' },
    accepted: () => accepted,
    deserted: () =>
      vi.waitFor(() => {
        if (open.size > 0) throw new Error(`${open.size} are still connected`);
      }),
  };
};

/** A path for a socket in a directory that is gone after the test. */
export const socketPath = (): string => join(directory(), 'x.sock');

/** Takes connections, hears what is said, and says nothing itself, or does with them as told. */
export const tcpTarget = (
  where: { host?: string; path?: string } = { host: '127.0.0.1' },
  take: (socket: Socket) => void = () => {},
): Promise<Target> =>
  listening(
    createTcpServer((socket) => take(socket.resume())),
    where,
  );

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers requests; over TLS when there is a certificate. */
export const httpTarget = (
  answer: Answer,
  where: { host?: string; path?: string } = { host: '127.0.0.1' },
  pair?: Pair,
): Promise<Target> =>
  listening(pair === undefined ? createServer(answer) : createTlsServer({ ...pair }, answer), where);

/** A port of this machine behind which there is nobody. */
export const nowhere = async (): Promise<Address> => {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('it listens on a port');
  await new Promise((resolve) => server.close(resolve));
  return { kind: 'tcp', host: '127.0.0.1', port: bound.port };
};

/** Runs a check once, with nobody to abort it unless a test does. */
export const run = async (check: RunCheck, signal = new AbortController().signal): Promise<unknown> => check(signal);
