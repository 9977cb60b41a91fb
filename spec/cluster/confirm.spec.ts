import { firstValueFrom, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, rig, running, saying, settledBy, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

const isFree = async (address: string): Promise<boolean> => (await ask(address).catch(String)).includes('ECONNREFUSED');

describe('a commit that has to be confirmed', () => {
  test('is prepared before it is asked about, and nothing has changed by then', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('old', one) });
    let seen: unknown;
    const outcome = await cluster.apply(
      { a: saying('new', two) },
      {
        confirm: async () => {
          seen = { open: [...sockets.open].sort(), body: await ask(one), state: cluster.snapshot.state };
        },
      },
    );
    expect(outcome).toMatchObject({ status: 'committed' });
    expect(seen).toEqual({ open: [one, two].sort(), body: 'old', state: 'Reloading' });
    expect(await ask(two)).toBe('new');
  });

  for (const commit of ['atomic', 'independent'] as const) {
    test(`is undone whole when that is refused, with the reason (${commit})`, async () => {
      const [one = '', two = ''] = await freeAddresses(2);
      const { cluster, sockets } = await running({ a: saying('old', one) });
      let asked = 0;
      const confirm = async () => {
        asked += 1;
        throw new Error('not here');
      };
      const outcome = await cluster.apply({ a: saying('new', two), b: saying('b') }, { commit, confirm });
      expect(outcome).toMatchObject({ status: 'rolledBack', cause: { message: 'not here' }, unrestored: [] });
      expect(asked).toBe(1);
      expect([...sockets.open]).toEqual([one]);
      expect(await askAll([one])).toEqual({ [one]: 'old' });
      expect(await isFree(two)).toBe(true);
      expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { desired: 2, applied: 1 } });
    });
  }

  test('is undone when asking throws', async () => {
    const { cluster } = await running({ a: saying('old') });
    const outcome = await cluster.apply(
      { a: saying('new') },
      {
        confirm: () => {
          throw new Error('thrown');
        },
      },
    );
    expect(outcome).toMatchObject({ status: 'rolledBack', cause: { message: 'thrown' } });
    expect(await ask(addressOf(cluster, 'a'))).toBe('old');
  });

  test('puts back what it had stopped first', async () => {
    const { cluster } = await running({ a: saying('old') }, { strategy: 'stop-then-start' });
    const address = addressOf(cluster, 'a');
    const outcome = await cluster.apply(
      { a: saying('new', address) },
      { confirm: () => Promise.reject(new Error('no')) },
    );
    expect(outcome).toMatchObject({ status: 'rolledBack', unrestored: [] });
    expect(await ask(address)).toBe('old');
  });

  test('is not asked about when there is nothing to change, or it cannot be prepared', async () => {
    const [one = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('old', one) });
    const confirm = () => Promise.reject(new Error('asked'));
    expect(await cluster.apply({ a: saying('old', one) }, { confirm })).toMatchObject({ status: 'unchanged' });
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    const outcome = await cluster.apply({ a: saying('old', taken) }, { confirm });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'a', cause: { code: 'ERR_BIND' } });
    const invalid = Object.assign(saying('x'), { listen: 'nowhere' });
    expect(await cluster.apply({ a: invalid }, { confirm })).toMatchObject({ status: 'rejected' });
  });

  test('lets later configs wait, and serves meanwhile', async () => {
    const { cluster } = await running({ a: saying('old') });
    const go$ = new Subject<void>();
    const first = cluster.apply({ a: saying('first') }, { confirm: () => firstValueFrom(go$) });
    await until(cluster, ({ state }) => state === 'Reloading');
    const second = cluster.apply({ a: saying('second') });
    expect(await settledBy(second)).toBe('pending');
    expect(await ask(addressOf(cluster, 'a'))).toBe('old');
    go$.next();
    expect(await first).toMatchObject({ status: 'committed' });
    expect(await second).toMatchObject({ status: 'committed' });
  });

  test('is cancelled with the cluster, and what was prepared is let go of', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('old', one) });
    const waiting = cluster.apply({ a: saying('new', two) }, { confirm: () => new Promise(() => {}) });
    await until(cluster, ({ state }) => state === 'Reloading');
    await cluster.stop();
    expect(await waiting).toMatchObject({ status: 'cancelled' });
    expect([...sockets.open]).toEqual([]);
  });

  test('can be a restart', async () => {
    const { cluster } = rig();
    await cluster.start();
    let built = 0;
    await cluster.apply({ a: { listen: '127.0.0.1:0', app: () => new Response(`${++built}`) } });
    const outcome = await cluster.restart(undefined, { confirm: () => Promise.reject(new Error('no')) });
    expect(outcome).toMatchObject({ status: 'rolledBack', cause: { message: 'no' } });
    expect(await cluster.restart(undefined, { confirm: async () => {} })).toMatchObject({ status: 'committed' });
  });
});
