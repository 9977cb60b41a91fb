import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import type { Logger } from '../../lib/log/logger.ts';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, running, saying, settledBy } from './fixtures/clusters.ts';
import { createSockets } from './fixtures/sockets.ts';

test('a logger that pushes, stops and starts does no harm to the order of outcomes', async () => {
  const sockets = createSockets();
  const outcomes: Outcome[] = [];
  let left = 3;
  const note = (message: string): void => {
    if (/config \d+ is not valid/.test(message) && left > 0) {
      left -= 1;
      cluster.siphon.next(Object.assign({ a: left }));
    }
    if (/config 6/.test(message)) void cluster.stop();
  };
  const logger: Logger = { error: note, warn: note, info: note, debug: note };
  const cluster = createCluster({ logger, listeners: sockets.listeners });
  cluster.outcomes$.subscribe((outcome) => outcomes.push(outcome));
  await cluster.start();
  expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
  expect(await cluster.apply(Object.assign({ a: 5 }))).toMatchObject({ status: 'rejected' });
  await eventually(() => outcomes.length === 5);
  expect(await cluster.apply({ a: saying('b') })).toMatchObject({ status: 'committed' });
  await eventually(() => cluster.snapshot.state === 'Stopped');
  expect(outcomes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(sockets.open).toEqual([]);
});

test('a logger that stops the cluster while it changes gets a clean stop', async () => {
  const sockets = createSockets();
  const note = (message: string): void => {
    if (/server b is running/.test(message)) void cluster.stop();
  };
  const logger: Logger = { error: note, warn: note, info: note, debug: note };
  const cluster = createCluster({ logger, listeners: sockets.listeners });
  await cluster.start();
  const outcome = await cluster.apply({ a: saying('a'), b: saying('b'), c: saying('c') });
  expect(outcome.status).toBe('committed');
  await cluster.stop();
  expect(cluster.snapshot.state).toBe('Stopped');
  expect(sockets.open).toEqual([]);
});

describe('a config that acts while it is read', () => {
  const acting = (act: () => void): ServerConfig =>
    Object.defineProperty({ ...saying('b') }, 'name', {
      enumerable: true,
      get: () => {
        act();
        return 'b';
      },
    });

  test('and stops the cluster is cancelled', async () => {
    const { cluster, sockets, states } = await running({ a: saying('a') });
    const config = acting(() => void cluster.stop());
    expect(await cluster.apply({ b: config })).toMatchObject({ status: 'cancelled' });
    await cluster.stop();
    expect(states.at(-1)).toBe('Stopped');
    expect(sockets.open).toEqual([]);
  });

  test('and pushes another one is followed by it', async () => {
    const { cluster } = await running({ a: saying('a') });
    let pushed: Promise<Outcome> | undefined;
    const config = acting(() => {
      pushed ??= cluster.apply({ c: saying('c') });
    });
    expect(await cluster.apply({ b: config })).toMatchObject({ status: 'committed', revision: 2 });
    expect(await pushed).toMatchObject({ status: 'committed', revision: 3 });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['c']);
  });
});

test('a handler that awaits a push of its own gets its outcome and answers with it', async () => {
  const { cluster } = await running({
    a: {
      listen: '127.0.0.1:0',
      app: async () => new Response((await cluster.apply({ a: saying('new') })).status),
    },
  });
  const address = addressOf(cluster, 'a');
  expect(await ask(address)).toBe('committed');
  expect(await ask(address)).toBe('new');
});

test('a handler that removes its own server still answers', async () => {
  const { cluster } = await running({
    a: { listen: '127.0.0.1:0', app: async () => new Response((await cluster.apply({})).status) },
  });
  expect(await ask(addressOf(cluster, 'a'))).toBe('committed');
  expect(cluster.snapshot.servers).toEqual({});
});

test('a handler that stops the cluster without waiting for it still answers', async () => {
  const { cluster } = await running({
    a: {
      listen: '127.0.0.1:0',
      app: () => {
        void cluster.stop();
        return new Response('stopping');
      },
    },
  });
  expect(await ask(addressOf(cluster, 'a'))).toBe('stopping');
  await cluster.stop();
  expect(cluster.snapshot.state).toBe('Stopped');
});

test('a handler that waits for the stop of its own cluster is cut at the deadline and holds nobody up for longer', async () => {
  const { cluster } = await running({
    a: {
      listen: '127.0.0.1:0',
      drainTimeoutMs: 150,
      app: async () => {
        await cluster.stop();
        return new Response('never');
      },
    },
  });
  expect(await ask(addressOf(cluster, 'a'))).toMatch(/^no answer/);
  expect(await settledBy(cluster.stop())).toMatchObject({ cut: 1 });
});
