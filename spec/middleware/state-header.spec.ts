import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { stateHeader } from '../../lib/middleware/state-header.ts';

test('every response says the state of the cluster at the time it was made', async () => {
  const cluster = createCluster();
  const app = new Hono();
  app.use(stateHeader(cluster));
  app.get('/', (c) => c.text('hello'));
  const state = async (path = '/'): Promise<string | null> => (await app.request(path)).headers.get('x-server-state');
  expect(await state()).toBe('New');
  await cluster.start();
  await cluster.apply({ app: { listen: '127.0.0.1:0', app } });
  expect(await state()).toBe('Running');
  expect(await state('/nowhere')).toBe('Running');
  const response = await fetch(cluster.snapshot.servers.app?.url ?? '');
  expect(response.headers.get('x-server-state')).toBe('Running');
  await cluster.stop();
  expect(await state()).toBe('Stopped');
});

test('the header may have another name', async () => {
  const app = new Hono();
  app.use(stateHeader(() => 'Running', { headerName: 'X-Cluster' }));
  expect((await app.request('/')).headers.get('x-cluster')).toBe('Running');
  expect(() => stateHeader(() => 'Running', { headerName: 'no name' })).toThrow(TypeError);
});
