import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createDesired } from '../../lib/admin/desired.ts';
import { StaleRevisionError, UnknownServerError } from '../../lib/admin/errors.ts';
import { answering, clusterOf } from './controlled.ts';

const desiring = async () => {
  const cluster = await clusterOf({});
  const desired = createDesired(cluster);
  await desired.apply({ web: answering('one'), admin: answering('admin') });
  const state = (id: string) => cluster.snapshot.servers[id]?.state;
  const text = async (id: string): Promise<string> => (await fetch(cluster.snapshot.servers[id]?.url ?? '')).text();
  return { cluster, desired, state, text };
};

const takePort = async (): Promise<string> => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('what is drained stays out of every config that follows, and comes back as the last one says', async () => {
  const { desired, state, text } = await desiring();
  await desired.drain('web');
  await desired.apply({ web: answering('two'), admin: answering('admin') });
  expect([state('web'), state('admin')]).toEqual(['stopped', 'running']);
  await desired.apply({ admin: answering('admin') });
  await desired.apply({ web: answering('three') });
  expect(state('web')).toBe('stopped');
  await desired.resume('web');
  expect(await text('web')).toBe('three');
});

test('a config that was refused is not what draining starts from', async () => {
  const { desired, state, text } = await desiring();
  await desired.apply({ web: { listen: 'nowhere', routes: [] }, admin: answering('new') });
  await desired.apply({ web: { ...answering('x'), listen: await takePort() }, admin: answering('new') });
  expect((await desired.drain('web')).status).toBe('committed');
  expect([state('web'), await text('admin')]).toEqual(['stopped', 'admin']);
});

test('a config that is on its way is not lost when a server is drained meanwhile', async () => {
  const { desired, state, text } = await desiring();
  const applied = desired.apply({ web: answering('two'), admin: answering('new') });
  await Promise.all([applied, desired.drain('web')]);
  expect([state('web'), await text('admin')]).toEqual(['stopped', 'new']);
});

test('a drain behind a config that turns out to be refused is carried out on what runs', async () => {
  const { desired, state, text } = await desiring();
  const taken = await takePort();
  const refused = desired.apply({ web: answering('x'), admin: { ...answering('x'), listen: taken } });
  const drained = desired.drain('web');
  expect((await refused).status).not.toBe('committed');
  expect((await drained).status).toBe('committed');
  expect([state('web'), await text('admin'), desired.drained]).toEqual(['stopped', 'admin', ['web']]);
});

test('a server that cannot be resumed stays drained', async () => {
  const { desired } = await desiring();
  const taken = await takePort();
  await desired.drain('web');
  await desired.apply({ web: { ...answering('x'), listen: taken }, admin: answering('admin') });
  expect((await desired.resume('web')).status).toBe('rolledBack');
  expect(desired.drained).toEqual(['web']);
});

test('draining twice, and resuming what runs, changes nothing', async () => {
  const { desired } = await desiring();
  await desired.drain('web');
  expect((await desired.drain('web')).status).toBe('unchanged');
  await desired.resume('web');
  expect((await desired.resume('web')).status).toBe('unchanged');
});

test('orders about servers that are not there are refused, and orders go on', async () => {
  const { desired } = await desiring();
  await expect(desired.drain('nobody')).rejects.toThrow(UnknownServerError);
  await expect(desired.restart(['web', 'nobody'])).rejects.toThrow(UnknownServerError);
  expect((await desired.restart(['web'])).status).toBe('committed');
});

test('a config on top of a revision that a config under way replaces is stale', async () => {
  const { desired, cluster } = await desiring();
  const { applied } = cluster.snapshot.revision;
  void desired.apply({ web: answering('two') });
  await expect(desired.replace({}, applied)).rejects.toThrow(StaleRevisionError);
  expect((await desired.replace({}, applied + 1)).status).toBe('committed');
});

test('a config that is pushed while the one before it is undone still comes before what waits for both', async () => {
  const { desired, cluster } = await desiring();
  const { applied } = cluster.snapshot.revision;
  const undone = desired.apply({ web: { ...answering('x'), listen: await takePort() } });
  const waiting = desired.replace({ web: answering('stale') }, applied);
  await Promise.resolve(); // Now it waits for the first.
  const pushed = desired.apply({ web: answering('newer') });
  await expect(waiting).rejects.toThrow(StaleRevisionError);
  expect([(await undone).status, (await pushed).status]).toEqual(['rolledBack', 'committed']);
});

test('of fifty that start from the same revision exactly one is carried out, generation after generation', async () => {
  const { desired, cluster, text } = await desiring();
  for (let generation = 0; generation < 4; generation++) {
    const { applied } = cluster.snapshot.revision;
    const bodies = Array.from({ length: 50 }, (_, index) => `${generation}.${index}`);
    const results = await Promise.allSettled(bodies.map((body) => desired.replace({ web: answering(body) }, applied)));
    const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [bodies[index]] : []));
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(won).toHaveLength(1);
    expect(refusals.filter((reason) => reason instanceof StaleRevisionError)).toHaveLength(49);
    expect([await text('web')]).toEqual(won);
  }
});

test('what is no config is refused by the cluster', async () => {
  const { desired } = await desiring();
  await desired.drain('web');
  for (const config of [null, 5, [], 'x']) {
    expect((await desired.apply(config as never)).status).toBe('rejected');
  }
  expect((await desired.resume('web')).status).toBe('committed');
});
