import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import { type Program, type Said, startProgram } from './program.ts';

/** The path of a program for a worker. */
export const script = (name: string): string => join(import.meta.dirname, 'programs', name);

/** A port that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** Whether a port can be listened on. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Workers under a supervisor that handles signals, in a process of their own. */
export const supervised = (options: Omit<WorkersOptions, 'onStart' | 'onExit' | 'logger' | 'signal'>): Program =>
  startProgram('supervised-workers.mjs', { args: [JSON.stringify(options)] });

/** The same, once all are active. */
export const runningWorkers = async (...parameters: Parameters<typeof supervised>): Promise<Program> => {
  const program = supervised(...parameters);
  await program.hear('running');
  return program;
};

/** What was said under a type so far. */
export const saidOf = ({ said }: Program, type: string): readonly Said[] => said.filter((one) => one.type === type);

/** Slots or pids of what was said. */
export const numbersOf = (said: readonly Said[], field: 'slot' | 'pid'): readonly number[] =>
  said.map((one) => Number(one[field]));

/** One request on a connection of its own. Rejects unless it is answered completely, with status 200. */
export const ask = (port: number, path = '/'): Promise<string> =>
  new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const request = get({ host: '127.0.0.1', port, path, agent, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('nobody answered')));
    request.on('error', reject);
  });

/** Clients that ask one request after the other, each on a connection of its own, until they are stopped. */
export const clients = (port: number, count: number) => {
  let over = false;
  const failures: Error[] = [];
  let answered = 0;
  const client = async (): Promise<void> => {
    while (!over) {
      try {
        await ask(port);
        answered += 1;
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  const all = Array.from({ length: count }, client);
  return {
    stop: async (): Promise<{ readonly answered: number; readonly failures: readonly string[] }> => {
      over = true;
      await Promise.all(all);
      return { answered, failures: failures.map(({ message }) => message) };
    },
  };
};
