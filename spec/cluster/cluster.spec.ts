import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { ConfigError } from '../../lib/config/errors.ts';
import { RunnableError } from '../../lib/supervision/errors.ts';
import { supervise } from '../../lib/supervision/supervise.ts';
import { eventually, settledBy } from './fixtures/clusters.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const fine = { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'x' } }] };
const wrong = { listen: 'nowhere', routes: [] };

test('a cluster says why its newest config is not in force, until one is', async () => {
  await using cluster = createCluster({ logger: silent });
  await cluster.start();
  expect(cluster.error).toBeUndefined();
  await cluster.apply({ a: wrong });
  expect(cluster.error).toBeInstanceOf(ConfigError);
  await cluster.apply({ a: fine, b: { ...fine, listen: '203.0.113.9:1' } });
  expect(cluster.error).toMatchObject({ code: 'ERR_BIND', errno: 'EADDRNOTAVAIL' });
  await cluster.apply({ a: fine });
  expect(cluster.error).toBeUndefined();
});

test('a supervisor that could not start a cluster says what the cluster says', async () => {
  const cluster = createCluster({ logger: silent });
  cluster.siphon.next({ a: wrong });
  const failure: unknown = await supervise([cluster], { logger: silent }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RunnableError);
  expect(failure).toMatchObject({ cause: { code: 'ERR_CONFIG' } });
});

test('a time to drain that is none leaves the servers their own', async () => {
  const cluster = createCluster({ logger: silent });
  await cluster.start();
  let answer: ((response: Response) => void) | undefined;
  const app = (): Promise<Response> =>
    new Promise((resolve) => {
      answer = resolve;
    });
  await cluster.apply({ a: { listen: fine.listen, app } });
  const asked = fetch(cluster.snapshot.servers.a?.url ?? '');
  await eventually(() => answer !== undefined);
  const stopped = cluster.stop({ drainTimeoutMs: Number.NaN });
  // Time for nothing to be finished would be over by now.
  expect(await settledBy(stopped, 10)).toBe('pending');
  answer?.(new Response('whole'));
  expect(await (await asked).text()).toBe('whole');
  expect(await stopped).toMatchObject({ cut: 0 });
});

test('the outcome of a config that could not boot is told although somebody stops the cluster for it', async () => {
  const cluster = createCluster({ logger: silent });
  const outcomes: string[] = [];
  cluster.outcomes$.subscribe(({ status }) => outcomes.push(status));
  cluster.state$.subscribe((state) => state === 'Error' && cluster.stop());
  cluster.siphon.next({ a: wrong });
  await cluster.start();
  await cluster.stop();
  expect(outcomes).toEqual(['rejected']);
});
