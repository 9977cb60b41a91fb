import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keepSecrets } from '../../lib/config/secrets.ts';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { addressIn, revisionsOf, untilWorkers, type WorkerRig, workersRunning } from './rig.ts';

const upToDate = ({ cluster }: WorkerRig, revision: number): Promise<unknown> =>
  untilWorkers(cluster, ({ workers }) =>
    workers.every((worker) => worker.state === 'active' && worker.revision === revision),
  );

describe('a worker that joins', () => {
  test('runs what is in force before it is ready', async () => {
    const rig = await workersRunning({ a: saying('a') });
    let revisionWhenReady: number | undefined;
    rig.fake.kill(1);
    rig.fake.events$.subscribe((event) => {
      if (event.type === 'active') revisionWhenReady = rig.cluster.snapshot.workers[event.slot]?.revision;
    });
    await upToDate(rig, 1);
    expect(revisionWhenReady).toBe(1);
    expect(rig.fake.processOf(1)?.agent.snapshot.servers.a?.state).toBe('running');
  });

  test('while a commit is prepared gets what is in force, and then what was committed', async () => {
    const rig = await workersRunning({ a: saying('old') });
    rig.fake.freeze(0);
    const applied = rig.cluster.apply({ a: saying('new') });
    const reviving = rig.fake.revive(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    rig.fake.thaw(0);
    expect(await applied).toMatchObject({ status: 'committed' });
    expect(await reviving).toBe(true);
    await upToDate(rig, 2);
    expect(rig.fake.processOf(1)?.agent.snapshot.servers.a?.state).toBe('running');
  });

  test('is not left behind by commit after commit', async () => {
    const rig = await workersRunning({ a: saying('0') });
    rig.fake.kill(1);
    let count = 0;
    while (rig.cluster.snapshot.workers[1]?.state !== 'active' && count < 200) {
      count += 1;
      await rig.cluster.apply({ a: saying(String(count)) });
    }
    expect(count).toBeLessThan(20);
    await upToDate(rig, count + 1);
  });

  test('and cannot find what a value of the environment names does not tell that value', async () => {
    const baseDir = mkdtempSync(join(tmpdir(), 'sluice-'));
    onTestFinished(() => rmSync(baseDir, { recursive: true }));
    const secret = 'correct-horse-battery';
    const module = join(baseDir, `${secret}.mjs`);
    writeFileSync(module, "export default () => new Response('a');");
    const a = { listen: '127.0.0.1:0', routes: [{ path: '/', handler: `./${secret}.mjs` }] };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what stands in a config file.
    keepSecrets(a, [{ path: 'routes.0.handler', written: './${TOKEN}.mjs', values: { TOKEN: secret } }]);
    const rig = await workersRunning({ a }, { baseDir, respawn: false });
    const exits: unknown[] = [];
    rig.fake.events$.subscribe((event) => event.type === 'exit' && exits.push(event.exit.error));
    rmSync(module);
    rig.fake.kill(1);
    expect(await rig.fake.revive(1)).toBe(false);
    await untilWorkers(rig.cluster, ({ workers }) => workers[1]?.state === 'crashed');
    expect(exits.at(-1)).toMatchObject({ code: 'ERR_WORKER_CATCH_UP', message: expect.stringContaining('TOKEN') });
    expect(inspect([exits, rig.cluster.snapshot], { depth: 20 })).not.toContain(secret);
  });

  test('and cannot run what is in force ends, with the reason', async () => {
    const rig = await workersRunning({ a: saying('a') }, { respawn: false });
    rig.fake.kill(1);
    rig.fake.listenersOf = () => () => {
      throw new Error('no sockets here');
    };
    const exits: unknown[] = [];
    rig.fake.events$.subscribe((event) => event.type === 'exit' && exits.push(event.exit.error));
    expect(await rig.fake.revive(1)).toBe(false);
    await untilWorkers(rig.cluster, ({ workers }) => workers[1]?.state === 'crashed');
    expect(exits).toMatchObject([{ code: 'ERR_WORKER_CATCH_UP' }]);
    expect(rig.cluster.snapshot.degraded).toBe(true);
    expect(await ask(addressIn(rig.cluster, 'a'))).toBe('a');
  });
});

describe('a rolling restart', () => {
  test('gives every worker another process with the config in force, and loses nobody', async () => {
    const rig = await workersRunning({ a: saying('a') });
    const before = rig.cluster.snapshot.workers.map(({ pid }) => pid);
    const address = addressIn(rig.cluster, 'a');
    const answers: string[] = [];
    let isOn = true;
    const asking = (async () => {
      while (isOn) answers.push(await ask(address));
    })();
    await rig.cluster.workers.restart();
    isOn = false;
    await asking;
    expect(new Set(answers)).toEqual(new Set(['a']));
    const after = rig.cluster.snapshot.workers.map(({ pid }) => pid);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(revisionsOf(rig)).toEqual([1, 1]);
    expect(rig.cluster.snapshot.degraded).toBe(false);
  });

  test('goes on while configs are committed', async () => {
    const rig = await workersRunning({ a: saying('0') });
    const restarting = rig.cluster.workers.restart();
    for (let count = 1; count <= 5; count += 1) {
      expect(await rig.cluster.apply({ a: saying(String(count)) })).toMatchObject({ status: 'committed' });
    }
    await restarting;
    await upToDate(rig, 6);
    const address = addressIn(rig.cluster, 'a');
    expect([await ask(address), await ask(address)]).toEqual(['5', '5']);
  });
});
