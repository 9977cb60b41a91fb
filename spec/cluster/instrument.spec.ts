import { expect, test } from 'vitest';
import type { ClusterInstrument } from '../../lib/cluster/instrument.ts';
import { record } from '../server/recording.ts';
import { eventually } from '../server/serving.ts';
import { ask } from './fixtures/asking.ts';
import { rig, running, saying } from './fixtures/clusters.ts';

test('an instrument is told of the requests of every server, from when it comes until it leaves', async () => {
  const { cluster } = await running({ a: saying('a'), b: saying('b') });
  const address = (id: string): string => cluster.snapshot.servers[id]?.address ?? '';
  await ask(address('a'), '/before');
  const recording = record();
  const attached = cluster.instrument(recording.instrument);
  await ask(address('a'), '/a');
  await ask(address('b'), '/b');
  await recording.until(2);
  attached.unsubscribe();
  await ask(address('a'), '/after');
  expect(recording.begun).toEqual(['GET /a', 'GET /b']);
  expect(recording.ended.map(({ server, route }) => `${server} ${route}`)).toEqual(['a *', 'b *']);
});

test('a request that has begun is told of to its end, though the instrument has left', async () => {
  const open: (() => void)[] = [];
  const app = (): Promise<Response> => new Promise((resolve) => open.push(() => resolve(new Response('late'))));
  const { cluster } = await running({ a: { listen: '127.0.0.1:0', app } });
  const recording = record();
  const attached = cluster.instrument(recording.instrument);
  const asked = ask(cluster.snapshot.servers.a?.address ?? '');
  await eventually(() => open.length === 1);
  attached.unsubscribe();
  open[0]?.();
  expect(await asked).toBe('late');
  expect(await recording.until(1)).toMatchObject([{ status: 200, complete: true }]);
});

test('it stays through changes, crashes of nobody, and another life of the cluster', async () => {
  const { cluster } = await running({ a: saying('one') });
  const recording = record();
  cluster.instrument(recording.instrument);
  await cluster.apply({ a: saying('two') });
  await ask(cluster.snapshot.servers.a?.address ?? '');
  await cluster.stop();
  await cluster.start();
  await ask(cluster.snapshot.servers.a?.address ?? '');
  expect(await recording.until(2)).toHaveLength(2);
});

test('it is told of every outcome in order, those of pushes before the start as well', async () => {
  const { cluster } = rig();
  const told: string[] = [];
  const instrument: ClusterInstrument = {
    committed: ({ status, revision }) => void told.push(`${revision} ${status}`),
  };
  const attached = cluster.instrument(instrument);
  cluster.siphon.next({ a: saying('superseded') });
  cluster.siphon.next({ a: saying('a') });
  await cluster.start();
  await cluster.apply({ a: saying('a') });
  await cluster.apply({ a: { listen: 'nonsense', app: () => new Response() } });
  await eventually(() => told.length === 4);
  attached.unsubscribe();
  await cluster.apply({});
  expect(told).toEqual(['1 superseded', '2 committed', '3 unchanged', '4 rejected']);
});

test('what it throws is logged and changes nothing', async () => {
  const { cluster, journal } = await running({ a: saying('fine') });
  const thrower = (): never => {
    throw new Error('instrument');
  };
  cluster.instrument({ begin: thrower, committed: thrower, refused: thrower });
  expect(await ask(cluster.snapshot.servers.a?.address ?? '')).toBe('fine');
  expect((await cluster.apply({ a: saying('other') })).status).toBe('committed');
  expect(await ask(cluster.snapshot.servers.a?.address ?? '')).toBe('other');
  expect(JSON.stringify(journal.lines)).toContain('an instrument failed');
});
