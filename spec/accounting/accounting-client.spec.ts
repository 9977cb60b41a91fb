import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type AccountingOptions, createAccountingClient } from './accounting-client.ts';
import { startAccounting } from './accounting-process.ts';
import { type AccountingReport, failures, sum, summarize } from './tally.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const addressOf = (server: Server): string => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : String(address);
};

/** A server that hands every request (the n-th since it started, from 1) and its socket to `answer`. */
const serve = async (answer: (socket: Socket, n: number) => void, path?: string): Promise<Server> => {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      requests += 1;
      answer(socket, requests);
    });
  });
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return server;
};

const ok = (body = 'ok', header = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${header}\r\n${body}`;

/** Two periods of one client as one. */
const then = (first: AccountingReport, second: AccountingReport): AccountingReport => ({
  ...sum([first, second]),
  durationMs: first.durationMs + second.durationMs,
});

/** Runs a client until `enough` of its counts, then stops it. */
const run = async (
  options: Omit<AccountingOptions, 'address'> & { readonly address: string | (() => string) },
  enough: (report: AccountingReport) => boolean,
): Promise<AccountingReport> => {
  const { address } = options;
  const client = createAccountingClient({ ...options, address: typeof address === 'string' ? () => address : address });
  client.start();
  closing.push(() => void client.stop());
  let report = client.take();
  while (!enough(report)) {
    await new Promise((resolve) => setImmediate(resolve));
    report = then(report, client.take());
  }
  return then(report, await client.stop());
};

const written =
  (amount: number) =>
  (report: AccountingReport): boolean =>
    report.written >= amount;

const modes = [{ mode: 'keep-alive' }, { mode: 'fresh' }] as const;

/** None is missing: every written request has exactly one fate. */
const expectBalanced = (report: AccountingReport): void => {
  expect(report.answered + failures(report)).toBe(report.written);
};

describe.each(modes)('with $mode connections', ({ mode }) => {
  test('every request that was answered whole is counted as answered', async () => {
    const server = await serve((socket) => socket.write(ok()));
    const report = await run({ address: addressOf(server), mode, connections: 4 }, written(200));
    expect(report).toMatchObject({ bad: 0, torn: 0, lost: 0, hung: 0, refused: 0, asked: 0 });
    expect(report.answered).toBe(report.written);
    expect(report.latencyMs.max).toBeGreaterThan(0);
    expect(report.latencyMs.p50).toBeLessThanOrEqual(report.latencyMs.p99);
    // The last connections may come about after the client was stopped, and then carry nothing.
    if (mode === 'fresh') expect(report.connected).toBeGreaterThanOrEqual(report.written);
    else expect(report.connected).toBe(4);
  });

  test('a rate is kept to', async () => {
    const server = await serve((socket) => socket.write(ok()));
    const report = await run({ address: addressOf(server), mode, rate: 400 }, (r) => r.durationMs >= 250);
    expectBalanced(report);
    expect(failures(report)).toBe(0);
    expect(report.written).toBeGreaterThan(10);
    expect(report.written).toBeLessThanOrEqual((report.durationMs * 400) / 1000 + 1);
  });

  test('a connection that ends without an answer makes the request lost', async () => {
    const server = await serve((socket, n) => (n === 3 ? socket.end() : socket.write(ok())));
    const report = await run({ address: addressOf(server), mode, connections: 1 }, written(6));
    expect(report).toMatchObject({ lost: 1, torn: 0, bad: 0, hung: 0 });
    expectBalanced(report);
    expect(report.examples).toEqual(['lost: ended by the peer']);
  });

  test('a reset makes the request lost', async () => {
    const server = await serve((socket, n) => (n === 3 ? socket.resetAndDestroy() : socket.write(ok())));
    const report = await run({ address: addressOf(server), mode, connections: 1 }, written(6));
    expect(report).toMatchObject({ lost: 1, torn: 0 });
    expectBalanced(report);
  });

  test('a connection that ends within the head, the body or a chunk makes the request torn', async () => {
    const parts = [
      'HTTP/1.1 20',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ];
    const server = await serve((socket, n) => {
      const part = parts[n - 1];
      if (part === undefined) socket.write(ok());
      else socket.end(part);
    });
    const report = await run({ address: addressOf(server), mode, connections: 1 }, written(6));
    expect(report).toMatchObject({ torn: 3, lost: 0 });
    expectBalanced(report);
  });

  test('another status, another body and bytes that are no response are bad', async () => {
    const answers = ['HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', ok('no'), 'hello?\r\n\r\n'];
    const server = await serve((socket, n) => socket.write(answers[n - 1] ?? ok()));
    const check: AccountingOptions['check'] = (answer) => answer.status === 200 && answer.body === 'ok';
    const report = await run({ address: addressOf(server), mode, connections: 1, check }, written(6));
    expect(report).toMatchObject({ bad: 3, torn: 0, lost: 0 });
    expectBalanced(report);
    expect(report.examples[0]).toBe('bad: 503 ""');
  });

  test('a request without an answer, or with half of one, hangs at the limit', async () => {
    const server = await serve((socket, n) => {
      if (n === 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
      else if (n > 2) socket.write(ok());
    });
    const report = await run({ address: addressOf(server), mode, connections: 1, limitMs: 50 }, written(5));
    expect(report).toMatchObject({ hung: 2, torn: 0, lost: 0 });
    expectBalanced(report);
  });

  test('stopping waits for the answers that are on their way', async () => {
    const answers: (() => void)[] = [];
    const server = await serve((socket) => answers.push(() => socket.write(ok())));
    const address = addressOf(server);
    const client = createAccountingClient({ address: () => address, mode, connections: 3 });
    client.start();
    await expect.poll(() => answers.length, { interval: 1 }).toBe(3);
    const stopped = client.stop();
    for (const answer of answers) answer();
    expect(await stopped).toMatchObject({ written: 3, answered: 3 });
  });

  test('no connection is a refusal: nothing was written', async () => {
    const server = await serve(() => undefined);
    const address = addressOf(server);
    server.close();
    await once(server, 'close');
    const report = await run({ address, mode, rate: 500, connections: 2 }, (r) => r.refused >= 5);
    expect(report).toMatchObject({ written: 0, connected: 0 });
  });

  test('new connections go to the address of the moment, also a unix socket', async () => {
    const path = join(tmpdir(), `accounting-${process.pid}-${mode}.sock`);
    const first = await serve((socket, n) => socket.write(ok('first', n > 5 ? 'Connection: close\r\n' : '')));
    const second = await serve((socket) => socket.write(ok('second')), path);
    let moved = false;
    const versions = new Map<string, number>();
    const report = await run(
      {
        address: () => (moved ? addressOf(second) : addressOf(first)),
        mode,
        connections: 2,
        version: ({ body }) => {
          versions.set(body, (versions.get(body) ?? 0) + 1);
          moved = (versions.get('first') ?? 0) > 4;
          return body;
        },
      },
      () => (versions.get('second') ?? 0) > 10,
    );
    expect(failures(report)).toBe(0);
    expect(Object.keys(report.firstSeen)).toEqual(['first', 'second']);
    expect(report.firstSeen.second).toBeGreaterThan(report.firstSeen.first ?? Number.POSITIVE_INFINITY);
  });
});

describe('a kept connection', () => {
  test('is replaced when its answer says Connection: close, at nobody’s cost', async () => {
    const server = await serve((socket, n) => {
      if (n % 10 === 0) socket.end(ok('ok', 'Connection: close\r\n'));
      else socket.write(ok());
    });
    const report = await run({ address: addressOf(server), mode: 'keep-alive', connections: 4 }, written(200));
    expect(failures(report)).toBe(0);
    expect(report.asked).toBeGreaterThanOrEqual(20);
    expect(report.refused).toBe(0);
  });

  test('that was idle when the peer ended it costs nothing, but is counted', async () => {
    const sockets = new Set<Socket>();
    const server = await serve((socket) => {
      sockets.add(socket);
      socket.write(ok());
    });
    const address = addressOf(server);
    const client = createAccountingClient({ address: () => address, mode: 'keep-alive', connections: 1, rate: 20 });
    client.start();
    await expect.poll(() => sockets.size, { interval: 1 }).toBe(1);
    for (const socket of sockets) socket.end();
    await expect.poll(() => sockets.size, { interval: 1 }).toBe(2);
    const report = await client.stop();
    expect(report).toMatchObject({ closedIdle: 1, connected: 2, lost: 0, torn: 0 });
  });

  test('that Node’s own server closes while it is used loses requests, and the client sees it', async () => {
    const server = createHttpServer((_, response) => setImmediate(() => response.end('ok')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const address = addressOf(server);
    const client = createAccountingClient({ address: () => address, mode: 'keep-alive', connections: 8 });
    client.start();
    let answered = 0;
    while (answered < 100) {
      await new Promise((resolve) => setImmediate(resolve));
      answered += client.take().answered;
    }
    server.closeAllConnections();
    const report = await client.stop();
    expect(report.lost).toBeGreaterThan(0);
    expectBalanced({ ...report, written: report.answered + failures(report) });
  });
});

test('a client process follows the addresses it is sent and reports by name', async () => {
  const first = await serve((socket) => socket.end(ok('v1', 'Connection: close\r\n')));
  const second = await serve((socket) => socket.end(ok('v2', 'Connection: close\r\n')));
  const orders = modes.map(({ mode }) => ({
    name: mode,
    mode,
    rate: 200,
    connections: 4,
    address: addressOf(first),
    expectBody: '^v[12]$',
    version: '(v.)',
  }));
  const client = await startAccounting(orders);
  closing.push(() => client.kill());
  const seen = async (version: string): Promise<void> => {
    const versions = new Set<string>();
    while (versions.size < 2) {
      for (const [name, report] of Object.entries(await client.take())) {
        if (report.firstSeen[version] !== undefined) versions.add(name);
      }
    }
  };
  await seen('v1');
  for (const { mode } of modes) client.address(mode, addressOf(second));
  await seen('v2');
  const reports = await client.stop();
  expect(Object.keys(reports)).toEqual(['keep-alive', 'fresh']);
  expect(Object.values(reports).map(failures)).toEqual([0, 0]);
});

test('a summary is one line that names only the failures that happened', async () => {
  const server = await serve((socket, n) => (n === 2 ? socket.end() : socket.write(ok())));
  const report = await run({ address: addressOf(server), mode: 'keep-alive', connections: 1 }, written(4));
  expect(summarize(report)).toMatch(
    /^\d+ of \d+ answered, 1 failed, 1 lost; p50 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms$/,
  );
  expect(summarize({ ...report, lost: 0 })).toContain('none failed;');
});
