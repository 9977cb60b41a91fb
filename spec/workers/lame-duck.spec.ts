import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  createSecureServer,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { expect, onTestFinished, test } from 'vitest';
import { lameDuck } from '../../lib/workers/lame-duck.ts';
import type { WorkerContext } from '../../lib/workers/worker-context.ts';

type Handler = Parameters<typeof createServer>[1];

const serve = async (handler: Handler): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
};

const ask = (port: number, agent: Agent): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (answer) => answer.resume().once('end', () => resolve(answer))).once(
      'error',
      reject,
    );
  });

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket)).once('error', reject);
    onTestFinished(() => {
      socket.destroy();
    });
  });

const request = { reason: 'stop', deadlineMs: 5_000, handOver: false } as const;

test('with nobody connected it is done as soon as its address is let go of', async () => {
  const { server } = await serve((_, response) => response.end());
  const begun = performance.now();
  await lameDuck(server).drain(request);
  expect(server.listening).toBe(false);
  expect(performance.now() - begun).toBeLessThan(200);
});

test('an answer that begins after it leaves tells its client to go, and is awaited', async () => {
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    void serve((_, response) => {
      answer = () => response.end('done');
      resolve();
    }).then(({ server, port }) => {
      duck = lameDuck(server);
      answered = ask(port, agent);
    });
  });
  let duck: ReturnType<typeof lameDuck> | undefined;
  let answered: Promise<IncomingMessage> | undefined;
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  await asked;
  expect(duck?.load()).toEqual({ connections: 1, inFlight: 1, requests: 1 });
  let isOver = false;
  const drained = duck?.drain({ ...request, handOver: true }).then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  answer();
  expect((await answered)?.headers.connection).toBe('close');
  await drained;
  expect(duck?.load()).toEqual({ connections: 0, inFlight: 0, requests: 1 });
});

test('a client that goes on asking over an open connection is told with its next answer, and loses nothing', async () => {
  const { server, port } = await serve((_, response) => response.end('answer'));
  const duck = lameDuck(server);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  expect((await ask(port, agent)).headers.connection).toBe('keep-alive');
  const drained = duck.drain({ ...request, handOver: true });
  expect(server.listening).toBe(false);
  expect((await ask(port, agent)).headers.connection).toBe('close');
  await drained;
});

test('who connects while it may be the last one is still served', async () => {
  const { server, port } = await serve((_, response) => response.end('answer'));
  const duck = lameDuck(server);
  const socket = await open(port);
  const drained = duck.drain(request);
  const answer = await ask(port, new Agent());
  expect(answer.statusCode).toBe(200);
  socket.destroy();
  await drained;
  expect(server.listening).toBe(false);
});

test.each([
  ['stop', 900, 2_000],
  ['abandoned', 0, 500],
] as const)('%s: connections that are idle, or silent, are closed, not before %i ms', async (reason, fromMs, toMs) => {
  const { server, port } = await serve((_, response) => response.end());
  const duck = lameDuck(server);
  const silent = await open(port);
  const idle = await open(port);
  idle.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await new Promise((resolve) => idle.once('data', resolve));
  const closed = [silent, idle].map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
  const begun = performance.now();
  await duck.drain({ ...request, reason, handOver: true });
  await Promise.all(closed);
  const tookMs = performance.now() - begun;
  expect(tookMs).toBeGreaterThanOrEqual(fromMs);
  expect(tookMs).toBeLessThan(toMs);
});

test('every kind of HTTP server of Node can be handed over, as its types say', () => {
  const served: unknown[] = [];
  const context: Pick<WorkerContext, 'serve'> = { serve: (server) => served.push(server) };
  context.serve(createServer());
  context.serve(createHttpsServer());
  context.serve(createHttp2Server());
  context.serve(createSecureServer());
  context.serve(createAdaptorServer({ fetch: () => new Response() }));
  // @ts-expect-error -- no server at all
  context.serve({ listening: true });
  expect(served).toHaveLength(6);
});

test('a server of HTTP/2 that leaves finishes its streams and keeps no client that is idle', async () => {
  const server = createHttp2Server();
  const duck = lameDuck(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const [busy, idle] = [connectHttp2(url), connectHttp2(url)];
  onTestFinished(() => {
    busy.destroy();
    idle.destroy();
  });
  const asked = busy.request({ ':path': '/' });
  asked.setEncoding('utf8');
  const [[stream]]: [[ServerHttp2Stream], unknown] = await Promise.all([
    new Promise<[ServerHttp2Stream]>((resolve) => server.once('stream', (one) => resolve([one]))),
    once(idle, 'connect'),
  ]);
  const drained = duck.drain({ ...request, handOver: true });
  await once(idle, 'close');
  stream.respond({ ':status': 200 });
  stream.end('slow');
  let body = '';
  for await (const chunk of asked) body += chunk;
  expect(body).toBe('slow');
  await drained;
  expect(duck.load().connections).toBe(0);
});
