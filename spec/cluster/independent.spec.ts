import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../lib/config/errors.ts';
import type { ClusterConfig, ServerConfig } from '../../lib/config/server-config.ts';
import { BindError } from '../../lib/listener/errors.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, rig, running, saying } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

const INDEPENDENT = { commit: 'independent' } as const;

/** A server config that no schema accepts. */
const invalid = (): ServerConfig => Object.assign(saying('x'), { listen: 'nowhere' });

describe('servers that cannot be bound', () => {
  test('stay at their last good version and are named, the others go ahead', async () => {
    const [one = '', two = '', taken = ''] = await freeAddresses(3);
    const { cluster, sockets } = await running({ a: saying('a1', one), b: saying('b1', two) }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));

    const outcome = await cluster.apply({ a: saying('a2', one), b: saying('b2', taken) });

    expect(outcome).toMatchObject({
      status: 'committed',
      refused: [{ server: 'b', issues: [], cause: { errno: 'EADDRINUSE' } }],
      plan: { changes: [{ server: 'a', action: 'update' }], unchanged: ['b'] },
    });
    expect(await askAll([one, two])).toEqual({ [one]: 'a2', [two]: 'b1' });
    expect(cluster.snapshot).toMatchObject({
      state: 'Running',
      degraded: true,
      revision: { desired: 2, applied: 2 },
      error: { name: 'BindError' },
    });
    expect([...sockets.open].sort()).toEqual([one, two].sort());
  });

  test('are left out when they are new', async () => {
    const [good = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = rig(INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    await cluster.start();
    expect(await cluster.apply({ a: saying('a', good), b: saying('b', taken) })).toMatchObject({
      status: 'committed',
      refused: [{ server: 'b' }],
    });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
    expect(cluster.snapshot.degraded).toBe(true);
  });

  test('are all named, not only the first', async () => {
    const addresses = await freeAddresses(5);
    const { cluster, sockets } = rig(INDEPENDENT);
    sockets.fault((address) => (addresses.slice(1, 4).includes(address) ? 'refuse' : 'none'));
    await cluster.start();
    const config = Object.fromEntries(addresses.map((address, index) => [`s${index}`, saying(`${index}`, address)]));
    const outcome = await cluster.apply(config);
    expect(outcome.status === 'committed' && outcome.refused.map(({ server }) => server)).toEqual(['s1', 's2', 's3']);
    for (const refusal of outcome.status === 'committed' ? outcome.refused : []) {
      expect(refusal.cause).toBeInstanceOf(BindError);
    }
    expect(sockets.open).toEqual([addresses[0], addresses[4]]);
  });

  test('draw those back with them who wanted their address', async () => {
    const [one = '', two = '', three = '', taken = ''] = await freeAddresses(4);
    const { cluster, sockets } = await running(
      { a: saying('a', one), b: saying('b', two), c: saying('c', three) },
      INDEPENDENT,
    );
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    const outcome = await cluster.apply({ a: saying('a', taken), b: saying('b', one), c: saying('c2', three) });
    expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'a' }, { server: 'b' }] });
    expect(await askAll([one, two, three])).toEqual({ [one]: 'a', [two]: 'b', [three]: 'c2' });
  });

  test('undo the whole when nothing is left to go ahead', async () => {
    const [one = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('a', one) }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    expect(await cluster.apply({ a: saying('a', taken) })).toMatchObject({
      status: 'rolledBack',
      server: 'a',
      unrestored: [],
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { desired: 2, applied: 1 } });
    expect(await ask(one)).toBe('a');
  });

  test('in a first config that leaves nothing are an Error', async () => {
    const { cluster, sockets } = rig(INDEPENDENT);
    sockets.fault(() => 'refuse');
    await cluster.start();
    expect(await cluster.apply({ a: saying('a') })).toMatchObject({ status: 'rolledBack', server: 'a' });
    expect(cluster.snapshot.state).toBe('Error');
  });

  test('leave no socket behind, however often they are tried', async () => {
    const before = await listening();
    const [one = '', two = '', taken = ''] = await freeAddresses(3);
    const { cluster, sockets } = await running({ a: saying('a', one), b: saying('b', two) }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    for (let n = 0; n < 20; n += 1) await cluster.apply({ a: saying(`a${n}`, one), b: saying('b', taken) });
    expect([...sockets.open].sort()).toEqual([one, two].sort());
    await cluster.stop();
    expect(await listening()).toBe(before);
  });

  test('go ahead with the next push of the same config once they can', async () => {
    const [one = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('a', one) }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    const config: ClusterConfig = { a: saying('a2', one), b: saying('b', taken) };
    expect(await cluster.apply(config)).toMatchObject({ refused: [{ server: 'b' }] });
    expect(await cluster.apply(config)).toMatchObject({ status: 'rolledBack', server: 'b' });
    expect(cluster.snapshot.degraded).toBe(true);
    sockets.heal();
    expect(await cluster.apply(config)).toMatchObject({ status: 'committed', refused: [] });
    expect(cluster.snapshot).toMatchObject({ degraded: false, state: 'Running' });
    expect(cluster.snapshot).not.toHaveProperty('error');
    expect(await askAll([one, taken])).toEqual({ [one]: 'a2', [taken]: 'b' });
  });
});

describe('servers that are not valid', () => {
  test('stay at their last good version and bring their issues', async () => {
    const { cluster } = await running({ a: saying('a1'), b: saying('b1') }, INDEPENDENT);
    const [a, b] = [addressOf(cluster, 'a'), addressOf(cluster, 'b')];
    const outcome = await cluster.apply({ a: saying('a2'), b: invalid() });
    expect(outcome).toMatchObject({
      status: 'committed',
      refused: [{ server: 'b', issues: [{ server: 'b', path: 'listen' }] }],
    });
    expect(outcome.status === 'committed' && outcome.refused[0]?.cause).toBeInstanceOf(ConfigError);
    expect(await askAll([a, b])).toEqual({ [a]: 'a2', [b]: 'b1' });
    expect(cluster.snapshot).toMatchObject({ degraded: true, issues: [{ server: 'b' }] });
  });

  test('and new are left out', async () => {
    const { cluster } = await running({ a: saying('a') }, INDEPENDENT);
    expect(await cluster.apply({ a: saying('b'), x: invalid() })).toMatchObject({ refused: [{ server: 'x' }] });
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['a']);
  });

  test('are told of, even when nothing else changes', async () => {
    const { cluster } = await running({ a: saying('a') }, INDEPENDENT);
    expect(await cluster.apply({ a: saying('a'), x: invalid() })).toMatchObject({
      status: 'rolledBack',
      server: 'x',
      cause: { name: 'ConfigError' },
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', revision: { desired: 2, applied: 1 } });
  });

  test('reject the whole when there is no good one among them', async () => {
    const { cluster } = await running({ a: saying('a') }, INDEPENDENT);
    expect(await cluster.apply({ a: invalid() })).toMatchObject({ status: 'rejected', issues: [{ server: 'a' }] });
    expect(await ask(addressOf(cluster, 'a'))).toBe('a');
  });

  test('keep the address they have from a newcomer', async () => {
    const { cluster } = await running({ a: saying('a') }, INDEPENDENT);
    const address = addressOf(cluster, 'a');
    expect(await cluster.apply({ a: invalid(), b: saying('b', address), c: saying('c') })).toMatchObject({
      status: 'committed',
      refused: [{ server: 'a' }, { server: 'b' }],
    });
    expect(await ask(address)).toBe('a');
    expect(await ask(addressOf(cluster, 'c'))).toBe('c');
  });
});

describe('servers that are stopped first', () => {
  const STS = { strategy: 'stop-then-start' } as const;

  test('and cannot start are put back while the others go ahead', async () => {
    const [one = '', taken = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('a', one, STS), b: saying('b') }, INDEPENDENT);
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    expect(await cluster.apply({ a: saying('a', taken, STS), b: saying('b2') })).toMatchObject({
      status: 'committed',
      refused: [{ server: 'a' }],
    });
    expect(await ask(one)).toBe('a');
    expect(await ask(addressOf(cluster, 'b'))).toBe('b2');
  });

  test('and can neither start nor be put back are never said to be fine', async () => {
    const [one = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('a', one, STS), b: saying('b') }, INDEPENDENT);
    sockets.fault((address) => (address === one ? 'refuse' : 'none'));
    const outcome = await cluster.apply({ a: saying('a2', one, STS), b: saying('b') });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'a', unrestored: [{ server: 'a' }] });
    expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'failed' });

    expect(await cluster.apply({ a: saying('a2', one, STS), b: saying('b2') })).toMatchObject({
      status: 'committed',
      refused: [{ server: 'a' }],
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: true });
    sockets.heal();
    expect(await cluster.apply({ a: saying('a2', one, STS), b: saying('b2') })).toMatchObject({ refused: [] });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
    expect(await ask(one)).toBe('a2');
  });

  test('and were lost in an earlier attempt are named when the last one fails as well', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, sockets } = await running({ a: saying('a', one, STS), b: saying('b', two, STS) }, INDEPENDENT);
    let isFirst = true;
    sockets.fault((address) => {
      // The new `b` could start, but is undone with `a`, and its address is gone from then on.
      if (address !== two || !isFirst) return 'refuse';
      isFirst = false;
      return 'none';
    });
    const outcome = await cluster.apply({ a: saying('a2', one, STS), b: saying('b2', two, STS) });
    expect(outcome.status).toBe('rolledBack');
    const lost = outcome.status === 'rolledBack' ? outcome.unrestored.map(({ server }) => server) : [];
    expect(lost.sort()).toEqual(['a', 'b']);
    expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true });
    expect(sockets.open).toEqual([]);
    sockets.heal();
    expect(await cluster.apply({ a: saying('a', one, STS), b: saying('b', two, STS) })).toMatchObject({
      status: 'committed',
      refused: [],
    });
    expect(await askAll([one, two])).toEqual({ [one]: 'a', [two]: 'b' });
  });
});

describe('one config', () => {
  test('may be committed in another way than the others', async () => {
    const [good = '', taken = '', other = ''] = await freeAddresses(3);
    const { cluster, sockets } = rig();
    sockets.fault((address) => (address === taken ? 'refuse' : 'none'));
    await cluster.start();
    const config = { a: saying('a', good), b: saying('b', taken) };
    expect(await cluster.apply(config)).toMatchObject({ status: 'rolledBack', server: 'b' });
    expect(await cluster.apply(config, INDEPENDENT)).toMatchObject({ status: 'committed', refused: [{ server: 'b' }] });
    expect(await ask(good)).toBe('a');
    const more = { ...config, c: saying('c', other) };
    expect(await cluster.apply(more)).toMatchObject({ status: 'rolledBack', server: 'b' });
  });
});
