import { describe, expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import type { Said } from './fake-workers.ts';
import { addressIn, untilWorkers, type WorkerRig, workersRunning } from './rig.ts';

/** Every message of a commit, and what becomes of the commit when its worker dies of it. */
const STEPS = [
  { to: 'agent', type: 'prepare', status: 'rolledBack' },
  { to: 'primary', type: 'prepared', status: 'rolledBack' },
  { to: 'agent', type: 'switch', status: 'committed' },
  { to: 'primary', type: 'report', status: 'committed' },
  { to: 'primary', type: 'switched', status: 'committed' },
] as const;

/** Does something to the process of one slot at the first message of a kind. */
const once = (rig: WorkerRig, slot: number, to: Said['to'], type: string, fate: 'kill' | 'freeze'): void => {
  let isDone = false;
  rig.fake.fate = (said) => {
    if (isDone || said.slot !== slot || said.to !== to || said.type !== type) return 'pass';
    isDone = true;
    return fate;
  };
};

const same = async (rig: WorkerRig, revision: number, body: string): Promise<void> => {
  await untilWorkers(rig.cluster, ({ workers }) =>
    workers.every((worker) => worker.state === 'active' && worker.revision === revision),
  );
  const address = addressIn(rig.cluster, 'a');
  expect([await ask(address), await ask(address)]).toEqual([body, body]);
  expect(rig.fake.system.open).toEqual([address]);
};

describe('a worker that dies in the middle of a commit', () => {
  for (const slot of [0, 1]) {
    for (const { to, type, status } of STEPS) {
      test(`at '${type}' to the ${to}: the commit is ${status} in all of them (slot ${slot})`, async () => {
        const rig = await workersRunning({ a: saying('old') });
        once(rig, slot, to, type, 'kill');
        const outcome = await rig.cluster.apply({ a: saying('new') });
        expect(outcome.status).toBe(status);
        const isNew = status === 'committed';
        await same(rig, isNew ? 2 : 1, isNew ? 'new' : 'old');
        if (outcome.status !== 'rolledBack') return;
        expect(outcome).toMatchObject({ server: 'a', cause: { slot, cause: { code: 'ERR_WORKER_LOST' } } });
      });
    }
  }

  test('all of them, after they were prepared: their successors have the new config', async () => {
    const rig = await workersRunning({ a: saying('old') });
    rig.fake.fate = ({ to, type }) => (to === 'agent' && type === 'switch' ? 'kill' : 'pass');
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
    rig.fake.fate = () => 'pass';
    await same(rig, 2, 'new');
  });

  test('while it undoes what it prepared: the others are as they were', async () => {
    const rig = await workersRunning({ a: saying('old') });
    const told = new Set<string>();
    rig.fake.fate = ({ slot, to, type }) => {
      const key = `${slot} ${to} ${type}`;
      if (told.has(key)) return 'pass';
      told.add(key);
      if (slot === 0 && type === 'prepared') return 'kill';
      return slot === 1 && type === 'abort' ? 'kill' : 'pass';
    };
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'rolledBack' });
    await same(rig, 1, 'old');
  });

  test('with nobody else there: a commit waits for its successor', async () => {
    const rig = await workersRunning({ a: saying('old') }, { count: 1 });
    rig.fake.kill(0);
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
    await same(rig, 2, 'new');
  });
});

describe('a worker that stands still', () => {
  test('before it is prepared is waited for as long as a config may take to be prepared', async () => {
    const rig = await workersRunning({ a: saying('old') }, { prepareTimeoutMs: 50 });
    once(rig, 1, 'agent', 'prepare', 'freeze');
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({
      status: 'rolledBack',
      cause: { slot: 1, cause: { code: 'ERR_WORKER_PREPARE_TIMEOUT', timeoutMs: 50 } },
    });
    rig.fake.thaw(1);
    await same(rig, 1, 'old');
    expect(await rig.cluster.apply({ a: saying('newer') })).toMatchObject({ status: 'committed' });
    await same(rig, 3, 'newer');
  });

  test('and is killed is waited for no longer', async () => {
    const rig = await workersRunning({ a: saying('old') });
    once(rig, 1, 'agent', 'prepare', 'freeze');
    rig.fake.said.length = 0;
    const applied = rig.cluster.apply({ a: saying('new') });
    await untilSaid(rig, 'prepared');
    rig.fake.kill(1);
    expect(await applied).toMatchObject({ status: 'rolledBack', cause: { cause: { code: 'ERR_WORKER_LOST' } } });
    await same(rig, 1, 'old');
  });

  test('after it was prepared switches when it goes on, or is killed and comes back with the new config', async () => {
    for (const end of ['thaw', 'kill'] as const) {
      const rig = await workersRunning({ a: saying('old') }, { prepareTimeoutMs: 50 });
      once(rig, 1, 'agent', 'switch', 'freeze');
      expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
      rig.fake[end](1);
      await same(rig, 2, 'new');
    }
  });
});

describe('a worker of which nothing is heard any more', () => {
  test('is not waited for, and catches up when it is heard of again', async () => {
    const rig = await workersRunning({ a: saying('old') }, { prepareTimeoutMs: 60_000 });
    const { pid = 0 } = rig.fake.processOf(1) ?? {};
    rig.fake.said.length = 0;
    rig.fake.freeze(1);
    const applied = rig.cluster.apply({ a: saying('new') });
    await untilSaid(rig, 'prepare');
    rig.fake.events$.next({ at: 0, type: 'unresponsive', slot: 1, pid, silentMs: 900 });
    expect(await applied).toMatchObject({
      status: 'rolledBack',
      cause: { slot: 1, cause: { code: 'ERR_WORKER_SILENT', message: expect.stringContaining('900 ms') } },
    });
    // The others go ahead without it.
    expect(await rig.cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
    rig.fake.thaw(1);
    await same(rig, 3, 'new');
    expect(await rig.cluster.apply({ a: saying('newer') })).toMatchObject({ status: 'committed' });
    await same(rig, 4, 'newer');
  });
});

describe('a message that is lost', () => {
  for (const type of ['switch', 'abort'] as const) {
    test(`${type}: its worker does not wait for it for ever`, async () => {
      const rig = await workersRunning({ a: saying('old') }, { prepareTimeoutMs: 100 });
      let isLost = false;
      rig.fake.fate = (said) => {
        if (type === 'abort' && said.slot === 0 && said.type === 'prepare') return 'lose';
        if (isLost || said.slot !== 1 || said.type !== type) return 'pass';
        isLost = true;
        return 'lose';
      };
      const outcome = await rig.cluster.apply({ a: saying('new') });
      expect(outcome.status).toBe(type === 'switch' ? 'committed' : 'rolledBack');
      if (type === 'abort') expect(outcome).toMatchObject({ cause: { cause: { code: 'ERR_WORKER_UNDELIVERED' } } });
      rig.fake.fate = () => 'pass';
      expect(await rig.cluster.apply({ a: saying('newer') })).toMatchObject({ status: 'committed' });
      await same(rig, 3, 'newer');
    });
  }
});

describe('workers that are not there', () => {
  test('are waited for only as long as a config may take to be prepared', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('old') }, { respawn: false, prepareTimeoutMs: 30 });
    fake.kill(0);
    fake.kill(1);
    expect(await cluster.apply({ a: saying('new') })).toMatchObject({
      status: 'rolledBack',
      cause: { code: 'ERR_WORKERS_ABSENT' },
    });
    expect(cluster.snapshot.degraded).toBe(true);
    await fake.revive(0);
    expect(await cluster.apply({ a: saying('new') })).toMatchObject({ status: 'committed' });
  });

  test('and never will be make the cluster an error, which is what every config is told', async () => {
    const { cluster, fake, states } = await workersRunning({ a: saying('old') }, { respawn: false });
    fake.kill(0);
    fake.kill(1);
    const failure = new Error('all given up');
    fake.fail(failure);
    expect(cluster.snapshot.state).toBe('Error');
    expect(cluster.error).toBe(failure);
    expect(await cluster.apply({ a: saying('new') })).toMatchObject({
      status: 'rolledBack',
      cause: { code: 'ERR_WORKERS_ABSENT', cause: failure },
    });
    await cluster.stop();
    expect(states.slice(-3)).toEqual(['Error', 'Stopping', 'Stopped']);
    await cluster.start();
    expect(cluster.snapshot).toMatchObject({ state: 'Running', servers: { a: { state: 'running' } } });
    expect(cluster.error).toBeUndefined();
  });
});

/** So much was said that this has been. */
const untilSaid = async ({ fake }: WorkerRig, type: string): Promise<void> => {
  while (!fake.said.some((said) => said.type === type)) await new Promise((resolve) => setImmediate(resolve));
};
