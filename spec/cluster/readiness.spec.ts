import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../lib/cluster/cluster-state.ts';
import { readiness, readinessOf } from '../../lib/cluster/readiness.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../../lib/cluster/snapshot.ts';
import type { Health } from '../../lib/health/health.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

const { cluster: idle } = rig();

const health = (status: Health['status'], message = ''): Health => ({
  status,
  rising: false,
  falling: false,
  message,
  checks: 1,
  latencyMs: 1,
  since: 0,
  uptimeMs: 0,
  downtimeMs: 0,
  riseTimeMs: 0,
  fallTimeMs: 0,
});

/** Servers by id: how they are, or what their health is. */
const snapshotOf = (
  servers: Readonly<Record<string, Partial<ServerSnapshot>>>,
  state: ClusterState = 'Running',
): ClusterSnapshot => ({
  ...idle.snapshot,
  state,
  servers: Object.fromEntries(
    Object.entries(servers).map(([id, server]) => [
      id,
      {
        id,
        name: id,
        state: 'running',
        address: '',
        url: '',
        since: 0,
        uptimeMs: 0,
        config: Object.assign({}),
        connections: 0,
        inFlight: 0,
        restarts: 0,
        ...server,
      } satisfies ServerSnapshot,
    ]),
  ),
});

describe('a process is ready', () => {
  test.each([
    ['New', false],
    ['Booting', false],
    ['Running', true],
    ['Reloading', true],
    ['Stopping', false],
    ['Stopped', false],
    ['Error', false],
  ] as const)('by the state of its cluster: %s → %s', (state, ready) => {
    const found = readinessOf(snapshotOf({ a: {} }, state));
    expect(found.ready).toBe(ready);
    expect(found.reasons.length > 0).toBe(!ready);
  });

  test('without servers, or with those that have no health', () => {
    expect(readinessOf(snapshotOf({}))).toEqual({ ready: true, status: 'ok', reasons: [] });
    expect(readinessOf(snapshotOf({ a: {} }))).toEqual({ ready: true, status: 'ok', reasons: [] });
  });

  test('when a server is not as well as it could be, and that is said', () => {
    expect(readinessOf(snapshotOf({ a: { health: health('warn', 'slow') } }))).toEqual({
      ready: true,
      status: 'warn',
      reasons: [{ server: 'a', status: 'warn', message: 'slow' }],
    });
  });

  test('whatever is disabled, or is being replaced', () => {
    expect(readinessOf(snapshotOf({ a: {}, off: { state: 'stopped' }, b: { state: 'draining' } })).ready).toBe(true);
  });
});

describe('a process is not ready while a server', () => {
  test.each<[string, Partial<ServerSnapshot>, string]>([
    ['is down', { health: health('down', 'no answer') }, 'no answer'],
    ['was not checked yet', { health: { ...health('down', 'not checked yet'), checks: 0 } }, 'not checked yet'],
    ['rises from down', { health: { ...health('down'), rising: true } }, 'it has not passed enough checks yet'],
    ['has failed', { state: 'failed', error: new Error('EADDRINUSE') }, 'EADDRINUSE'],
    ['crashed and waits', { state: 'starting', error: new Error('EMFILE') }, 'EMFILE'],
  ])('%s', (_, server, message) => {
    expect(readinessOf(snapshotOf({ a: server, b: {} }))).toEqual({
      ready: false,
      status: 'down',
      reasons: [{ server: 'a', status: 'down', message }],
    });
  });
});

describe('rules', () => {
  const some = snapshotOf({ a: {}, b: { health: health('down', 'no answer') }, c: {}, off: { state: 'stopped' } });

  test('say which servers count, and how', () => {
    const ready = (mode: 'must' | 'should' | 'any' | 'quorum' | 'ignore', servers: readonly string[]) =>
      readinessOf(some, [{ mode, servers }]);
    expect(ready('must', ['a', 'c'])).toMatchObject({ status: 'ok', reasons: [] });
    expect(ready('must', ['a', 'b'])).toMatchObject({ ready: false, status: 'down' });
    expect(ready('should', ['a', 'b'])).toMatchObject({ ready: true, status: 'warn', reasons: [{ server: 'b' }] });
    expect(ready('any', ['a', 'b'])).toMatchObject({ ready: true, status: 'ok' });
    expect(ready('quorum', ['a', 'b', 'c'])).toMatchObject({ ready: true, status: 'ok' });
    expect(ready('quorum', ['a', 'b'])).toMatchObject({ ready: false });
    expect(ready('ignore', ['b'])).toEqual({ ready: true, status: 'ok', reasons: [] });
  });

  test('that name a server which is disabled or not there miss it', () => {
    expect(readinessOf(some, [{ mode: 'must', servers: ['off'] }])).toMatchObject({
      ready: false,
      reasons: [{ server: 'off', message: 'it is stopped' }],
    });
    expect(readinessOf(some, [{ mode: 'must', servers: ['gone'] }])).toMatchObject({
      ready: false,
      reasons: [{ server: 'gone', message: 'it is not there' }],
    });
    expect(readinessOf(some, [{ mode: 'must', servers: ['toString'] }]).ready).toBe(false);
  });

  test('do not count while the cluster is stopping', () => {
    expect(readinessOf({ ...some, state: 'Stopping' }, []).ready).toBe(false);
  });
});

test('of a cluster it is told whenever it changes, and ends not ready', async () => {
  const [address = ''] = await freeAddresses(1);
  let well = false;
  const { cluster } = rig();
  const seen: (readonly [boolean, string])[] = [];
  let completed = false;
  readiness(cluster).subscribe({
    next: ({ ready, reasons }) => seen.push([ready, reasons[0]?.message ?? '']),
    complete: () => {
      completed = true;
    },
  });
  await cluster.start();
  await cluster.apply({ a: saying('a', address, { health: { intervalMs: 10, check: () => well } }) });
  await eventually(() => seen.at(-1)?.[1] === 'the check answered false');
  well = true;
  await eventually(() => seen.at(-1)?.[0] === true && seen.at(-1)?.[1] === '');
  await cluster.stop();
  expect(completed).toBe(true);
  expect(seen.at(-1)).toEqual([false, 'it has stopped']);
  const told = seen.map((one) => one.join());
  expect(told.filter((one, index) => one === told[index - 1])).toEqual([]);
});

test('it is over before any socket is closed: who connects at that moment is still answered', async () => {
  const { cluster, sockets } = await running({ a: saying('a') });
  const address = addressOf(cluster, 'a');
  const stopped = cluster.stop();
  expect(readinessOf(cluster.snapshot).ready).toBe(false);
  expect(sockets.open).toContain(address);
  await stopped;
});

test('a server that is down makes it unready, and is it no more when it is disabled', async () => {
  const down = saying('a', '127.0.0.1:0', { health: { intervalMs: 10, check: () => false } });
  const { cluster } = await running({ a: down, b: saying('b') });
  await until(cluster, ({ degraded }) => degraded);
  expect(readinessOf(cluster.snapshot).ready).toBe(false);
  await cluster.apply({ a: { ...down, disabled: true }, b: saying('b') });
  expect(readinessOf(cluster.snapshot)).toEqual({ ready: true, status: 'ok', reasons: [] });
});
