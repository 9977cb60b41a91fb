import { describe, expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { addressIn, revisionsOf, untilWorkers, workerRig, workersRunning } from './rig.ts';

describe('a cluster on several workers', () => {
  test('starts with nothing, and its workers are ready', async () => {
    const { cluster, states } = workerRig();
    await cluster.start();
    expect(states).toEqual(['New', 'Booting', 'Running']);
    expect(cluster.snapshot.workers.map(({ state }) => state)).toEqual(['active', 'active']);
  });

  test('serves a config in all workers, behind one port that was found', async () => {
    const rig = await workersRunning({ a: saying('hello') });
    const { cluster } = rig;
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running', config: { listen: '127.0.0.1:0' } });
    expect(revisionsOf(rig)).toEqual([1, 1]);
    const address = addressIn(cluster, 'a');
    expect([await ask(address), await ask(address)]).toEqual(['hello', 'hello']);
  });

  test('keeps the port when a server changes, and lets go of it when it is gone', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('old') });
    const address = addressIn(cluster, 'a');
    expect(await cluster.apply({ a: saying('new') })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'update' }] },
    });
    expect([await ask(address), await ask(address)]).toEqual(['new', 'new']);
    await cluster.apply({});
    await untilWorkers(cluster, ({ draining }) => draining.length === 0);
    expect(fake.system.open).toEqual([]);
  });

  test('says that a config is unchanged without a message to anybody', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('same') });
    fake.said.length = 0;
    expect(await cluster.apply({ a: saying('same') })).toMatchObject({ status: 'unchanged', revision: 2 });
    expect(fake.said).toEqual([]);
    expect(cluster.snapshot.workers.map(({ revision }) => revision)).toEqual([2, 2]);
  });

  test('is stopped with nothing left', async () => {
    const { cluster, fake, states } = await workersRunning({ a: saying('a') });
    expect(await cluster.stop()).toMatchObject({ cut: 0, forced: [] });
    expect(states.slice(-2)).toEqual(['Stopping', 'Stopped']);
    expect(fake.system.open).toEqual([]);
  });
});
