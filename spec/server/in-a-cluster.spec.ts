import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Cluster, type ClusterConfig, createCluster, type ServerConfig } from '../../lib/index.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { startAccounting } from '../accounting/accounting-process.ts';
import { type AccountingReport, failures, summarize } from '../accounting/tally.ts';
import { freePort } from '../listener/holding.ts';
import { dial, get, type Wire } from '../listener/wire.ts';
import { clock, createLog, eventually } from './serving.ts';

const cluster = async (config: ClusterConfig): Promise<Cluster> => {
  const made = createCluster({ logger: createLog() });
  onTestFinished(async () => {
    await made.stop({ drainTimeoutMs: 0 });
  });
  await made.start();
  expect(await made.apply(config)).toMatchObject({ status: 'committed' });
  return made;
};

const addressOf = (made: Cluster, id = 'web') => {
  const address = made.snapshot.servers[id]?.address ?? '';
  return { kind: 'tcp', host: '127.0.0.1', port: Number(address.slice(address.lastIndexOf(':') + 1)) } as const;
};

const web = (app: ServerConfig['app'], more: Partial<ServerConfig> = {}): ClusterConfig => ({
  web: { listen: '127.0.0.1:0', ...(app === undefined ? {} : { app }), ...more },
});

const saying = (text: string) => new Hono().get('*', (c) => c.text(text));

/** Three kinds of clients, all at once; `stop` says how many requests each of them lost. */
const load = (address: () => string) => {
  const clients = [
    createAccountingClient({ address, mode: 'keep-alive', connections: 6 }),
    createAccountingClient({ address, mode: 'keep-alive', connections: 20, rate: 200 }),
    createAccountingClient({ address, mode: 'fresh', rate: 150 }),
  ];
  for (const client of clients) client.start();
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.stop()));
  });
  return {
    stop: (): Promise<readonly AccountingReport[]> => Promise.all(clients.map((client) => client.stop())),
  };
};

const words = (reports: readonly AccountingReport[]): string =>
  reports.map((report) => `${summarize(report)} ${report.examples.join(', ')}`).join('\n');

describe('under constant load no request is lost', () => {
  test('by a hundred changes of handlers and limits', { timeout: 60_000 }, async () => {
    const made = await cluster(web(saying('v0')));
    const address = made.snapshot.servers.web?.address ?? '';
    const { stop } = load(() => address);
    for (let version = 1; version <= 100; version += 1) {
      await clock(15);
      const outcome = await made.apply(
        web(saying(`v${version}`), { handlerTimeoutMs: 1_000 + version, keepAliveTimeoutMs: 5_000 + version }),
      );
      expect(outcome).toMatchObject({ status: 'committed' });
      expect(made.snapshot.servers.web?.address).toBe(address);
    }
    const reports = await stop();
    expect(reports.map(failures), words(reports)).toEqual([0, 0, 0]);
    expect(reports.map(({ refused, asked, closedIdle }) => [refused, asked, closedIdle])).toEqual(
      // No connection was touched.
      Array.from({ length: 3 }, () => [0, 0, 0]),
    );
  });

  test('by changes of address', { timeout: 60_000 }, async () => {
    const [a, b] = [await freePort(), await freePort()];
    let current = a;
    const at = (port: number) => web(saying(`at ${port}`), { listen: `127.0.0.1:${port}` });
    const made = await cluster(at(a));
    const { stop } = load(() => `127.0.0.1:${current}`);
    for (let round = 0; round < 8; round += 1) {
      await clock(80);
      const next = current === a ? b : a;
      expect(await made.apply(at(next))).toMatchObject({ status: 'committed' });
      current = next;
    }
    const reports = await stop();
    expect(reports.map(failures), words(reports)).toEqual([0, 0, 0]);
    expect(reports.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(Math.min(...reports.map(({ answered }) => answered))).toBeGreaterThan(50);
  });

  test('by the end of it all', { timeout: 60_000 }, async () => {
    const made = await cluster(web(async () => new Response('late'), { drainTimeoutMs: 5_000 }));
    const address = made.snapshot.servers.web?.address ?? '';
    // Of another process, and no faster than an address can be let go: whoever connects in that very moment is reset.
    const clients = await startAccounting([
      { name: 'kept', address, mode: 'keep-alive', connections: 30, rate: 60 },
      { name: 'fresh', address, mode: 'fresh', rate: 30 },
    ]);
    onTestFinished(() => clients.kill());
    await clock(300);
    const report = await made.stop();
    const reports = Object.values(await clients.stop());
    expect(reports.map(failures), words(reports)).toEqual([0, 0]);
    expect(report.cut).toBe(0);
    expect(Math.min(...reports.map(({ answered }) => answered))).toBeGreaterThan(0);
  });
});

test('a request in flight ends on its old handler while new ones get the new one at once', async () => {
  let answer: (response: Response) => void = () => {};
  const made = await cluster(web(() => new Promise<Response>((resolve) => (answer = resolve))));
  const address = addressOf(made);
  const old = dial(address);
  old.write(get('/'));
  await eventually(() => made.snapshot.servers.web?.inFlight === 1);
  await made.apply(web(saying('new')));
  const startedAt = performance.now();
  const fresh = dial(address);
  fresh.write(get('/'));
  expect(await fresh.responses()).toMatchObject([{ body: 'new' }]);
  expect(performance.now() - startedAt).toBeLessThan(50);
  answer(new Response('old'));
  expect(await old.responses()).toMatchObject([{ status: 200, body: 'old' }]);
  old.write(get('/'));
  expect(await old.responses(2)).toMatchObject([{}, { body: 'new' }]);
});

describe('a stop', () => {
  test('waits for a request in flight, which is answered', async () => {
    const made = await cluster(web(() => clock(700).then(() => new Response('in time')), { drainTimeoutMs: 3_000 }));
    const wire = dial(addressOf(made));
    wire.write(get('/'));
    await eventually(() => made.snapshot.servers.web?.inFlight === 1);
    const { cut, durationMs } = await made.stop();
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'in time' }]);
    expect(cut).toBe(0);
    expect(durationMs).toBeGreaterThan(500);
    expect(durationMs).toBeLessThan(1_500);
  });

  test('cuts at its deadline, tells the handlers then and not before, and says how many it cut', async () => {
    const startedAt = performance.now();
    const aborted: number[] = [];
    const app = ({ signal }: Request): Promise<Response> => {
      signal.addEventListener('abort', () => aborted.push(performance.now() - startedAt));
      return new Promise(() => {});
    };
    const made = await cluster(web(app, { drainTimeoutMs: 400 }));
    const wires = Array.from({ length: 5 }, () => dial(addressOf(made)));
    for (const wire of wires) wire.write(get('/'));
    await eventually(() => made.snapshot.servers.web?.inFlight === 5);
    const stoppingAt = performance.now() - startedAt;
    const { cut, durationMs } = await made.stop();
    expect(cut).toBe(5);
    expect(durationMs).toBeGreaterThan(395);
    expect(durationMs).toBeLessThan(600);
    await eventually(() => aborted.length === 5);
    expect(Math.min(...aborted) - stoppingAt).toBeGreaterThan(395);
    expect(made.snapshot.state).toBe('Stopped');
  });

  test('holds its deadline whatever thirty clients do, and counts those that were cut', async () => {
    const app = new Hono()
      .get('/', (c) => c.text('hello'))
      .get('/hangs', () => new Promise<Response>(() => {}))
      .post('/reads', async (c) => c.text(await c.req.text()));
    const made = await cluster(web(app, { drainTimeoutMs: 500 }));
    const come = (bytes: string) => (): Wire => {
      const wire = dial(addressOf(made));
      if (bytes !== '') wire.write(bytes);
      return wire;
    };
    const unfinished = [
      'GET / HTTP/1.1\r\nHo',
      'POST /reads HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nhalf',
      get('/hangs'),
      get('/') + get('/hangs'),
    ].map(come);
    const finished = [come(''), come(get('/'))];
    for (let n = 0; n < 5; n += 1) for (const each of [...unfinished, ...finished]) each();
    await eventually(() => made.snapshot.servers.web?.connections === 30);
    await clock(30);
    const { cut, durationMs } = await made.stop();
    expect(cut).toBe(20);
    expect(durationMs).toBeLessThan(700);
  });

  test('without time cuts at once', async () => {
    const made = await cluster(web(() => new Promise(() => {})));
    const wire = dial(addressOf(made));
    wire.write(get('/'));
    await eventually(() => made.snapshot.servers.web?.inFlight === 1);
    const { cut, durationMs } = await made.stop({ drainTimeoutMs: 0 });
    expect(cut).toBe(1);
    expect(durationMs).toBeLessThan(200);
    await wire.closed;
  });
});

test('a flood of connections beyond the limit costs those within it nothing', async () => {
  const made = await cluster(web(saying('in'), { maxConnections: 20 }));
  const address = addressOf(made);
  const client = createAccountingClient({
    address: () => `127.0.0.1:${address.port}`,
    mode: 'keep-alive',
    connections: 20,
    rate: 500,
  });
  client.start();
  await eventually(() => made.snapshot.servers.web?.connections === 20);
  for (let wave = 0; wave < 10; wave += 1) {
    const flood = Array.from({ length: 100 }, () => dial(address));
    await Promise.all(flood.map(({ closed }) => closed));
    expect(flood.map((wire) => wire.text()).join('')).toBe('');
  }
  const report = await client.stop();
  expect(failures(report), report.examples.join(', ')).toBe(0);
  expect(report.connected).toBe(20);
});

test('a server whose address comes back during its drain serves on while the old connections leave', async () => {
  const port = await freePort();
  const config = web(saying('web'), { listen: `127.0.0.1:${port}`, drainTimeoutMs: 5_000 });
  const made = await cluster(config);
  const told = dial(addressOf(made));
  told.write(get('/'));
  await told.responses();
  await made.apply({});
  expect(await made.apply(config)).toMatchObject({ status: 'committed' });
  const fresh = dial({ kind: 'tcp', host: '127.0.0.1', port });
  fresh.write(get('/') + get('/'));
  const answers = await fresh.responses(2);
  expect(answers.map(({ head }) => /connection: keep-alive/i.test(head))).toEqual([true, true]);
  told.write(get('/'));
  const [, last] = await told.responses(2);
  expect(last?.head).toMatch(/connection: close/i);
  await eventually(() => made.snapshot.draining.length === 0);
  expect(made.snapshot.servers.web?.connections).toBe(1);
});
