import { throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../lib/config/address.ts';
import { BindError } from '../../lib/listener/errors.ts';
import { WorkerCommitError } from '../../lib/worker-cluster/errors.ts';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import type { FakeWorkers } from './fake-workers.ts';
import { addressIn, revisionsOf, type WorkerRig, workerRig, workersRunning } from './rig.ts';

/** In one worker an address cannot be had. */
const breaks =
  (slot: number, address: () => string) =>
  (fake: FakeWorkers): void => {
    fake.listenersOf = (own, listeners) => (asked) =>
      own === slot && formatAddress(asked) === address()
        ? throwError(() => new BindError(formatAddress(asked), { cause: new Error('broken here') }))
        : listeners(asked);
  };

const brokenIn = async (slot: number, address: string, options = {}): Promise<WorkerRig> => {
  const rig = workerRig(
    options,
    breaks(slot, () => address),
  );
  await rig.cluster.start();
  await rig.cluster.apply({ a: saying('old') });
  return rig;
};

describe('a config that one worker cannot prepare', () => {
  test('changes nothing in any of them, and the outcome names server, worker and cause', async () => {
    const [broken = ''] = await freeAddresses(1);
    const rig = await brokenIn(1, broken);
    const { cluster, fake } = rig;
    const address = addressIn(cluster, 'a');
    const outcome = await cluster.apply({ a: saying('new'), b: saying('b', broken) });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', unrestored: [] });
    if (outcome.status !== 'rolledBack') throw new Error('unreachable');
    expect(outcome.cause).toBeInstanceOf(WorkerCommitError);
    const { pid } = fake.processOf(1) ?? {};
    expect(outcome.cause).toMatchObject({ slot: 1, pid, cause: { name: 'BindError', code: 'ERR_BIND' } });
    expect(revisionsOf(rig)).toEqual([1, 1]);
    expect([await ask(address), await ask(address)]).toEqual(['old', 'old']);
    expect(fake.system.open).toEqual([address]);
    expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { desired: 2, applied: 1 } });
    expect(cluster.error).toBe(outcome.cause);
  });

  test('is no obstacle to the next one', async () => {
    const [broken = ''] = await freeAddresses(1);
    const rig = await brokenIn(1, broken);
    await rig.cluster.apply({ b: saying('b', broken) });
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
    expect(revisionsOf(rig)).toEqual([3, 3]);
  });

  test('leaves the first config out of force, and the next good one leads out of the error', async () => {
    const [broken = ''] = await freeAddresses(1);
    const { cluster, states } = workerRig(
      {},
      breaks(0, () => broken),
    );
    const applied = cluster.apply({ a: saying('a', broken) });
    await cluster.start();
    expect(await applied).toMatchObject({ status: 'rolledBack', server: 'a' });
    expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true });
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'committed' });
    expect(states).toEqual(['New', 'Booting', 'Error', 'Reloading', 'Running']);
  });

  test('puts back what was stopped first, in all of them', async () => {
    const [broken = ''] = await freeAddresses(1);
    const { cluster } = await brokenIn(0, broken, { strategy: 'stop-then-start' });
    const address = addressIn(cluster, 'a');
    const outcome = await cluster.apply({ a: saying('new'), b: saying('b', broken) });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', unrestored: [] });
    expect([await ask(address), await ask(address)]).toEqual(['old', 'old']);
  });
});

describe('an address that the primary cannot have', () => {
  test('is found out before any worker is asked', async () => {
    const [taken = ''] = await freeAddresses(1);
    const { cluster, fake } = await workersRunning({ a: saying('a') });
    fake.system.fault((address) => (address === taken ? 'refuse' : 'none'));
    fake.said.length = 0;
    const outcome = await cluster.apply({ a: saying('new'), b: saying('b', taken) });
    expect(outcome).toMatchObject({
      status: 'rolledBack',
      server: 'b',
      cause: { code: 'ERR_BIND', errno: 'EADDRINUSE' },
    });
    expect(fake.said.filter(({ to }) => to === 'agent')).toEqual([]);
    expect(fake.system.open).toEqual([addressIn(cluster, 'a')]);
  });

  test('is not waited for any longer than a start may take', async () => {
    const [slow = ''] = await freeAddresses(1);
    const { cluster, fake } = await workersRunning({ a: saying('a') }, { startTimeoutMs: 30 });
    fake.system.fault((address) => (address === slow ? 'hang' : 'none'));
    const outcome = await cluster.apply({ b: saying('b', slow) });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', cause: { code: 'ERR_BIND_TIMEOUT' } });
  });
});

describe('commits that are independent', () => {
  test('leave a server behind in all workers that one of them refuses, and let the others go ahead', async () => {
    const [broken = ''] = await freeAddresses(1);
    const rig = await brokenIn(1, broken);
    const { cluster, fake } = rig;
    const address = addressIn(cluster, 'a');
    const config = { a: saying('new'), b: saying('b', broken), c: saying('c') };
    const outcome = await cluster.apply(config, { commit: 'independent' });
    expect(outcome).toMatchObject({
      status: 'committed',
      refused: [{ server: 'b', cause: { code: 'ERR_WORKER_COMMIT', slot: 1, cause: { code: 'ERR_BIND' } } }],
    });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a', 'c']);
    expect([await ask(address), await ask(address)]).toEqual(['new', 'new']);
    expect(fake.system.open).not.toContain(broken);
    expect(revisionsOf(rig)).toEqual([2, 2]);
    expect(cluster.snapshot.degraded).toBe(true);
  });

  test('keep the last good version of what is refused', async () => {
    const [broken = ''] = await freeAddresses(1);
    const { cluster } = await brokenIn(0, broken, { commit: 'independent' });
    const address = addressIn(cluster, 'a');
    const outcome = await cluster.apply({ a: saying('moved', broken), b: saying('b') });
    expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'a' }] });
    expect([await ask(address), await ask(address)]).toEqual(['old', 'old']);
    expect(cluster.snapshot.servers.b?.state).toBe('running');
  });

  test('come to nothing when nothing else is asked for', async () => {
    const [broken = ''] = await freeAddresses(1);
    const { cluster } = await brokenIn(0, broken, { commit: 'independent' });
    expect(await cluster.apply({ a: saying('moved', broken) })).toMatchObject({
      status: 'rolledBack',
      server: 'a',
      refused: [{ server: 'a' }],
    });
  });

  test('do without what is not valid', async () => {
    const { cluster } = await workersRunning({ a: saying('a') }, { commit: 'independent' });
    const wrong = { listen: 'nowhere', routes: [] };
    expect(await cluster.apply({ a: saying('new'), b: wrong })).toMatchObject({
      status: 'committed',
      refused: [{ server: 'b' }],
    });
  });

  test('let servers run that depend on one that stays behind', async () => {
    const [broken = ''] = await freeAddresses(1);
    const { cluster } = await brokenIn(0, broken, { commit: 'independent' });
    const address = addressIn(cluster, 'a');
    const outcome = await cluster.apply({
      a: saying('new', '127.0.0.1:0', { dependsOn: ['b'] }),
      b: saying('b', broken),
    });
    expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'b' }] });
    expect(await ask(address)).toBe('new');
  });
});
