import { Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Listener } from '../../lib/listener/listener.ts';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { freeAddresses, freePorts, freeRow } from '../cluster/fixtures/ports.ts';
import { addressIn, untilWorkers, workerRig, workersRunning } from './rig.ts';

const portOf = (address: string): number => Number(address.split(':').at(-1));

describe('addresses', () => {
  test('are exchanged between servers without being closed', async () => {
    const [one = '', two = ''] = await freeAddresses(2);
    const { cluster, fake } = await workersRunning({ a: saying('a', one), b: saying('b', two) });
    fake.system.forget();
    expect(await cluster.apply({ a: saying('a', two), b: saying('b', one) })).toMatchObject({ status: 'committed' });
    expect([await ask(one), await ask(one), await ask(two), await ask(two)]).toEqual(['b', 'b', 'a', 'a']);
    expect(fake.system.closed).toEqual([]);
  });

  test('that overlap with those of others change hands after these have left', async () => {
    const [port = 0] = await freePorts(1);
    const { cluster } = await workersRunning({ a: saying('a', `127.0.0.1:${port}`) });
    const outcome = await cluster.apply({ b: saying('b', `0.0.0.0:${port}`) });
    expect(outcome).toMatchObject({ status: 'committed' });
    expect([await ask(`127.0.0.1:${port}`), await ask(`127.0.0.1:${port}`)]).toEqual(['b', 'b']);
    expect(Object.keys(cluster.snapshot.servers)).toEqual(['b']);
  });

  test('that overlap are put back when the others cannot be prepared', async () => {
    const [port = 0] = await freePorts(1);
    const [taken = ''] = await freeAddresses(1);
    const { cluster, fake } = await workersRunning({ a: saying('a', `127.0.0.1:${port}`), c: saying('c') });
    fake.system.fault((address) => (address === `0.0.0.0:${port}` || address === taken ? 'refuse' : 'none'));
    fake.fate = () => 'pass';
    const outcome = await cluster.apply({ b: saying('b', `0.0.0.0:${port}`), c: saying('c') }, {});
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'b', unrestored: [] });
    expect([await ask(`127.0.0.1:${port}`), await ask(`127.0.0.1:${port}`)]).toEqual(['a', 'a']);
    expect(cluster.snapshot).toMatchObject({ state: 'Running', servers: { a: { state: 'running' } } });
  });

  test('that were let go of a moment ago are had again', async () => {
    const [one = ''] = await freeAddresses(1);
    const { cluster } = await workersRunning({ a: saying('a', one) });
    await cluster.apply({});
    expect(await cluster.apply({ b: saying('b', one) })).toMatchObject({ status: 'committed' });
    expect(await ask(one)).toBe('b');
  });

  test('of a range are the first that is free, in all workers', async () => {
    const first = await freeRow(3);
    const { cluster } = await workersRunning({
      a: saying('a', `127.0.0.1:${first}-${first + 2}`),
      b: saying('b', `127.0.0.1:${first}-${first + 2}`),
    });
    const ports = [portOf(addressIn(cluster, 'a')), portOf(addressIn(cluster, 'b'))];
    expect(ports.toSorted()).toEqual([first, first + 1]);
    expect([await ask(addressIn(cluster, 'a')), await ask(addressIn(cluster, 'a'))]).toEqual(['a', 'a']);
  });

  test('that were found are kept over a server that is disabled for a while, and over lives', async () => {
    const { cluster } = await workersRunning({ a: saying('a'), b: saying('b') });
    const address = addressIn(cluster, 'a');
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { disabled: true }), b: saying('b') });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'stopped', connections: 0 });
    await untilWorkers(cluster, ({ draining }) => draining.length === 0);
    await cluster.apply({ a: saying('a'), b: saying('b') });
    expect(addressIn(cluster, 'a')).toBe(address);
    await cluster.stop();
    await cluster.start();
    expect(addressIn(cluster, 'a')).toBe(address);
    expect(await ask(address)).toBe('a');
  });

  test('that somebody else took meanwhile are looked for anew', async () => {
    const { cluster, fake } = await workersRunning({ a: saying('a'), b: saying('b') });
    const address = addressIn(cluster, 'a');
    await cluster.apply({ a: saying('a', '127.0.0.1:0', { disabled: true }), b: saying('b') });
    await untilWorkers(cluster, ({ draining }) => draining.length === 0);
    fake.system.fault((asked) => (asked === address ? 'refuse' : 'none'));
    expect(await cluster.apply({ a: saying('a'), b: saying('b') })).toMatchObject({ status: 'committed' });
    expect(addressIn(cluster, 'a')).not.toBe(address);
    expect(await ask(addressIn(cluster, 'a'))).toBe('a');
  });

  test('by number are had from nobody who found it and keeps it', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    const address = addressIn(cluster, 'a');
    expect(await cluster.apply({ a: saying('a'), b: saying('b', address) })).toMatchObject({
      status: 'rolledBack',
      server: 'b',
      cause: { code: 'ERR_BIND' },
    });
  });

  test('are planned as they will be', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    const [one = ''] = await freeAddresses(1);
    const address = addressIn(cluster, 'a');
    expect(cluster.plan({ a: saying('new'), b: saying('b', one) })).toMatchObject({
      changes: [
        { server: 'a', action: 'update', from: address, to: address, fields: ['routes'] },
        { server: 'b', action: 'start', to: one },
      ],
      bind: [one],
    });
    expect(() => cluster.plan({ a: saying('a', 'nowhere') })).toThrow('the config is not valid');
  });
});

describe('a server that fails in one worker', () => {
  test('is shown as the worst, degrades the cluster, and is started by the next commit', async () => {
    let fail: (() => void) | undefined;
    const rig = workerRig({}, (fake) => {
      fake.listenersOf = (slot, listeners) => (address) => {
        const real$ = listeners(address);
        if (slot !== 1) return real$;
        return new Observable<Listener>((subscriber) => {
          fail = () => subscriber.error(new Error('the socket failed'));
          return real$.subscribe(subscriber);
        });
      };
    });
    const { cluster } = rig;
    await cluster.start();
    const config = { a: saying('a', '127.0.0.1:0', { restart: { intensity: 0 } }) };
    await cluster.apply(config);
    fail?.();
    const snapshot = await untilWorkers(cluster, ({ servers }) => servers.a?.state === 'failed');
    expect(snapshot.degraded).toBe(true);
    expect(snapshot.servers.a?.error).toMatchObject({ code: 'ERR_WORKER_SERVER', slot: 1 });
    expect(snapshot.workers.map(({ servers }) => servers.a?.state)).toEqual(['running', 'failed']);
    expect(await cluster.apply(config)).toMatchObject({
      status: 'committed',
      plan: { changes: [{ action: 'start' }] },
    });
    expect(cluster.snapshot).toMatchObject({ degraded: false, servers: { a: { state: 'running' } } });
  });
});
