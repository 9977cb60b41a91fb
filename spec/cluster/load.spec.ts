import { expect, test } from 'vitest';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { type AccountingClient, createAccountingClient } from '../accounting/accounting-client.ts';
import { failures, sum } from '../accounting/tally.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, calm, running, saying } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

/** Kept and fresh connections that ask without a break, and accept only these bodies. */
const clients = (address: () => string, body: RegExp): readonly AccountingClient[] => [
  createAccountingClient({
    address,
    mode: 'keep-alive',
    connections: 6,
    rate: 300,
    check: (answer) => answer.status === 200 && body.test(answer.body),
  }),
  createAccountingClient({
    address,
    mode: 'fresh',
    rate: 100,
    check: (answer) => answer.status === 200 && body.test(answer.body),
  }),
];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a hundred changes of every kind under load cost no request', async () => {
  const addresses = await freeAddresses(7);
  const place = (index: number): string => addresses[index] ?? '';
  /** What the nth change makes of it: handlers always, exchanges, rotations and moves in turn. */
  const configAt = (n: number): ClusterConfig => {
    const swapped = Math.floor(n / 2) % 2 === 1;
    const turn = Math.floor(n / 3) % 3;
    return {
      handler: saying(`handler ${n}`, place(0), { headersTimeoutMs: 9_000 + (n % 2) }),
      left: saying('left', place(swapped ? 2 : 1)),
      right: saying('right', place(swapped ? 1 : 2)),
      ...Object.fromEntries(
        ['x', 'y', 'z'].map((id, index) => [id, saying(`round ${id}`, place(3 + ((index + turn) % 3)))]),
      ),
      ...(n % 5 === 0 ? {} : { comes: saying('comes and goes', place(6)) }),
    };
  };
  const { cluster, sockets } = await running(configAt(0));
  const steady = [
    ...clients(() => place(0), /^handler \d+$/),
    ...clients(() => place(1), /^(left|right)$/),
    ...clients(() => place(2), /^(left|right)$/),
    ...clients(() => place(4), /^round [xyz]$/),
  ];
  const visiting = clients(() => place(6), /^comes and goes$/);
  for (const client of [...steady, ...visiting]) client.start();
  await pause(100);

  sockets.forget();
  for (let n = 1; n <= 100; n += 1) {
    expect(await cluster.apply(configAt(n))).toMatchObject({ status: 'committed' });
    await pause(10);
  }
  await pause(100);
  const report = sum(await Promise.all(steady.map((client) => client.stop())));
  const visits = sum(await Promise.all(visiting.map((client) => client.stop())));

  expect(report.written).toBeGreaterThan(500);
  expect(visits.written).toBeGreaterThan(50);
  expect({ failed: failures(report), examples: report.examples }).toEqual({ failed: 0, examples: [] });
  expect({ failed: failures(visits), examples: visits.examples }).toEqual({ failed: 0, examples: [] });
  // An address that is always wanted never refuses anybody, and its clients are never sent away.
  expect(report.refused).toBe(0);
  expect(report.asked + report.closedIdle).toBe(0);
  // Only the one that comes and goes was bound anew.
  expect(new Set([...sockets.attempts, ...sockets.closed])).toEqual(new Set([place(6)]));
});

test('commits that fail under load cost no request', async () => {
  const addresses = await freeAddresses(4);
  const config = (n: number, last: string | undefined): ClusterConfig => ({
    a: saying('a', addresses[n % 2]),
    b: saying('b', addresses[(n + 1) % 2]),
    c: saying('c', last),
  });
  const { cluster, sockets } = await running(config(0, addresses[2]));
  const load = [...clients(() => addresses[0] ?? '', /^a$/), ...clients(() => addresses[2] ?? '', /^c$/)];
  for (const client of load) client.start();
  sockets.fault((address) => (address === addresses[3] ? 'refuse' : 'none'));
  for (let n = 1; n <= 50; n += 2) {
    expect(await cluster.apply(config(n, addresses[3]))).toMatchObject({ status: 'rolledBack', server: 'c' });
    await pause(10);
  }
  const report = sum(await Promise.all(load.map((client) => client.stop())));
  expect(report.written).toBeGreaterThan(100);
  expect({ failed: failures(report), refused: report.refused }).toEqual({ failed: 0, refused: 0 });
});

test('an address whose take-over is undone again and again under load loses no request', async () => {
  const [address = '', never = ''] = await freeAddresses(2);
  const { cluster, sockets } = await running({ a: saying('a', address) }, { startTimeoutMs: 80 });
  const load = clients(() => address, /^(a|b)$/);
  sockets.fault((asked) => (asked === never ? 'hang' : 'none'));
  for (const client of load) client.start();
  for (let n = 0; n < 5; n += 1) {
    await cluster.apply({});
    await cluster.apply({ b: saying('b', address), c: saying('c', never) });
    await cluster.apply({ a: saying('a', address) });
    await pause(30);
  }
  const report = sum(await Promise.all(load.map((client) => client.stop())));
  expect(report.written).toBeGreaterThan(50);
  expect({ failed: failures(report), examples: report.examples }).toEqual({ failed: 0, examples: [] });
  await calm(cluster);
});

test('a stop under load answers everything it accepted', async () => {
  const [address = ''] = await freeAddresses(1);
  const { cluster } = await running({
    a: {
      listen: address,
      app: async () => {
        await pause(5);
        return new Response('a');
      },
    },
  });
  const load = clients(() => address, /^a$/);
  for (const client of load) client.start();
  await pause(150);
  const { cut } = await cluster.stop();
  const report = sum(await Promise.all(load.map((client) => client.stop())));
  expect(cut).toBe(0);
  expect(report.written).toBeGreaterThan(30);
  expect({ failed: failures(report), examples: report.examples }).toEqual({ failed: 0, examples: [] });
});

test('changes that are awaited one after the other leave time for requests', async () => {
  const { cluster } = await running({ a: saying('0') });
  const address = addressOf(cluster, 'a');
  let answered = 0;
  let isOver = false;
  const asking = (async (): Promise<void> => {
    while (!isOver) {
      await ask(address);
      answered += 1;
    }
  })();
  const until = performance.now() + 500;
  let changes = 0;
  for (; performance.now() < until; changes += 1) await cluster.apply({ a: saying(String(changes % 2)) });
  const meanwhile = answered;
  isOver = true;
  await asking;
  expect(changes).toBeGreaterThan(20);
  expect(meanwhile).toBeGreaterThan(5);
});
