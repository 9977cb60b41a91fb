import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { addressOf, calm, eventually, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

const STS = { strategy: 'stop-then-start' } as const;

test('the old one stops, then a pause, then the new one starts on the same address', async () => {
  const [address = ''] = await freeAddresses(1);
  const { cluster, sockets } = await running({ a: saying('old', address, STS) }, { restartDelayMs: 60 });
  sockets.forget();
  const moments: string[] = [];
  cluster.cluster$.subscribe(({ servers }) => moments.push(servers.a?.state ?? ''));
  const startedAt = performance.now();
  expect(await cluster.apply({ a: saying('new', address, STS) })).toMatchObject({
    status: 'committed',
    plan: { changes: [{ server: 'a', action: 'restart', from: address, to: address }] },
  });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(60);
  expect(sockets.closed).toEqual([address]);
  expect(sockets.attempts).toEqual([address]);
  expect(await ask(address)).toBe('new');
  await eventually(() => moments.at(-1) === 'running');
  expect(moments.filter((state, index) => state !== moments[index - 1])).toEqual([
    'running',
    'draining',
    'stopped',
    'running',
  ]);
});

test('the old one finishes what it accepted before the new one starts', async () => {
  let answer: (response: Response) => void = () => {};
  const slow: ServerConfig = {
    listen: '127.0.0.1:0',
    strategy: 'stop-then-start',
    app: () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      }),
  };
  const { cluster } = await running({ a: slow });
  const address = addressOf(cluster, 'a');
  const asked = ask(address);
  await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
  const outcome = cluster.apply({ a: saying('new', '127.0.0.1:0', STS) });
  await until(cluster, ({ servers }) => servers.a?.state === 'draining');
  answer(new Response('old'));
  expect(await asked).toBe('old');
  expect(await outcome).toMatchObject({ status: 'committed' });
  expect(await ask(address)).toBe('new');
});

test('an old one that does not finish is cut at its own deadline', async () => {
  const stuck: ServerConfig = {
    listen: '127.0.0.1:0',
    strategy: 'stop-then-start',
    drainTimeoutMs: 100,
    app: () => new Promise<Response>(() => {}),
  };
  const { cluster } = await running({ a: stuck });
  const asked = ask(addressOf(cluster, 'a'));
  await eventually(() => cluster.snapshot.servers.a?.inFlight === 1);
  expect(await cluster.apply({ a: saying('new', '127.0.0.1:0', STS) })).toMatchObject({ status: 'committed' });
  expect(await asked).toMatch(/^no answer/);
});

test('others are not touched, and those that change hot are exchanged with it', async () => {
  const { cluster, sockets } = await running({
    a: saying('a', '127.0.0.1:0', STS),
    hot: saying('hot'),
    still: saying('still'),
  });
  sockets.forget();
  const [a, hot, still] = ['a', 'hot', 'still'].map((id) => addressOf(cluster, id));
  await cluster.apply({
    a: saying('a2', '127.0.0.1:0', STS),
    hot: saying('hot2'),
    still: saying('still'),
  });
  expect(sockets.closed).toEqual([a]);
  expect(Object.values(await askAll([a ?? '', hot ?? '', still ?? '']))).toEqual(['a2', 'hot2', 'still']);
});

test('two of them exchange their addresses', async () => {
  const [one = '', two = ''] = await freeAddresses(2);
  const { cluster } = await running({ a: saying('a', one, STS), b: saying('b', two, STS) });
  expect(await cluster.apply({ a: saying('a', two, STS), b: saying('b', one, STS) })).toMatchObject({
    status: 'committed',
  });
  expect(await askAll([one, two])).toEqual({ [one]: 'b', [two]: 'a' });
});

test('one of them takes the address of a server that moves hot', async () => {
  const [one = '', two = '', three = ''] = await freeAddresses(3);
  const { cluster, sockets } = await running({ a: saying('a', one, STS), b: saying('b', two) });
  sockets.forget();
  expect(await cluster.apply({ a: saying('a', two, STS), b: saying('b', three) })).toMatchObject({
    status: 'committed',
  });
  // Its socket never closed.
  expect(sockets.attempts).toEqual([three]);
  expect(await askAll([two, three])).toEqual({ [two]: 'a', [three]: 'b' });
});

describe('when the new one cannot start', () => {
  test('the old one is put back, with its limits in force', async () => {
    const [address = ''] = await freeAddresses(1);
    const old = saying('old', address, { ...STS, headersTimeoutMs: 300 });
    const { cluster, sockets } = await running({ a: old, b: saying('b') });
    expect(await ask(address)).toBe('old');
    sockets.forget();
    sockets.fault((_, attempt) => (attempt === 1 ? 'refuse' : 'none'));

    const outcome = await cluster.apply({ a: saying('new', address, STS), b: saying('b') });

    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'a', unrestored: [], cause: { code: 'ERR_BIND' } });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false, revision: { desired: 2, applied: 1 } });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running' });
    expect(await ask(address)).toBe('old');
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(address.slice(address.lastIndexOf(':') + 1)), '127.0.0.1', () => {
        socket.write('GET / HTTP/1.1\r\nHost: loc');
      });
      socket.once('data', (data) => resolve(data.toString()));
      socket.once('close', () => resolve('closed'));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('several are put back in the reverse of the order in which they were stopped', async () => {
    const addresses = await freeAddresses(4);
    const config = (word: string, bad?: string) =>
      Object.fromEntries(
        ['a', 'b', 'c'].map((id, index) => [
          id,
          saying(`${id} ${word}`, id === bad ? addresses[3] : addresses[index], STS),
        ]),
      );
    const { cluster, sockets } = await running(config('old'));
    sockets.forget();
    sockets.fault((address) => (address === addresses[3] ? 'refuse' : 'none'));
    expect(await cluster.apply(config('new', 'c'))).toMatchObject({ status: 'rolledBack', server: 'c' });
    const restored = sockets.attempts.slice(-3);
    expect(restored).toEqual([addresses[2], addresses[1], addresses[0]]);
    expect(Object.values(await askAll(addresses.slice(0, 3)))).toEqual(['a old', 'b old', 'c old']);
  });

  test('and neither can the old one: it is an Error that names it, the others serve, the next good config heals', async () => {
    const [address = ''] = await freeAddresses(1);
    const { cluster, sockets, states, journal } = await running({ a: saying('old', address, STS), b: saying('b') });
    sockets.forget();
    sockets.fault((asked) => (asked === address ? 'refuse' : 'none'));

    const outcome = await cluster.apply({ a: saying('new', address, STS), b: saying('b') });

    expect(outcome).toMatchObject({
      status: 'rolledBack',
      server: 'a',
      unrestored: [{ server: 'a', cause: { code: 'ERR_BIND' } }],
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Error', degraded: true });
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'failed', error: { code: 'ERR_BIND' } });
    expect(await ask(addressOf(cluster, 'b'))).toBe('b');
    expect(journal.lines).toContain('error: server a could not be put back');

    sockets.heal();
    expect(await cluster.apply({ a: saying('old', address, STS), b: saying('b') })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'start' }] },
    });
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });
    expect(await ask(address)).toBe('old');
    expect(states.slice(-4)).toEqual(['Reloading', 'Error', 'Reloading', 'Running']);
  });

  test('and neither can the old one: it can be removed, and the cluster can be stopped', async () => {
    const [address = ''] = await freeAddresses(1);
    for (const next of ['removed', 'stopped']) {
      const { cluster, sockets } = await running({ a: saying('old', address, STS), b: saying('b') });
      sockets.forget();
      sockets.fault((asked) => (asked === address ? 'refuse' : 'none'));
      await cluster.apply({ a: saying('new', address, STS), b: saying('b') });
      expect(cluster.snapshot.state).toBe('Error');
      if (next === 'removed') {
        expect(await cluster.apply({ b: saying('b') })).toMatchObject({ status: 'committed' });
        expect(Object.keys(cluster.snapshot.servers)).toEqual(['b']);
        await calm(cluster);
      }
      const { durationMs } = await cluster.stop();
      expect(durationMs).toBeLessThan(1_500);
      expect(cluster.snapshot).toMatchObject({ state: 'Stopped', draining: [] });
    }
  });

  test('because an app cannot be built nothing is stopped in the first place', async () => {
    const { cluster, sockets } = await running({ a: saying('old', '127.0.0.1:0', STS) });
    sockets.forget();
    const broken = new Proxy(
      { fetch: () => new Response('x') },
      {
        has: () => {
          throw new Error('not me');
        },
      },
    );
    const outcome = await cluster.apply({ a: { listen: '127.0.0.1:0', app: broken, ...STS } });
    expect(['rejected', 'rolledBack']).toContain(outcome.status);
    expect(sockets.closed).toEqual([]);
    expect(await ask(addressOf(cluster, 'a'))).toBe('old');
  });

  test('within startTimeoutMs the old one is put back', async () => {
    const [address = ''] = await freeAddresses(1);
    const { cluster, sockets } = await running({ a: saying('old', address, STS) }, { startTimeoutMs: 60 });
    sockets.forget();
    sockets.fault((_, attempt) => (attempt === 1 ? 'hang' : 'none'));
    expect(await cluster.apply({ a: saying('new', address, STS) })).toMatchObject({
      status: 'rolledBack',
      unrestored: [],
      cause: { code: 'ERR_BIND_TIMEOUT' },
    });
    expect(await ask(address)).toBe('old');
  });
});

test('stopping the cluster in the pause between cancels the change and ends cleanly', async () => {
  const { cluster, sockets } = await running({ a: saying('old', '127.0.0.1:0', STS) }, { restartDelayMs: 60_000 });
  const outcome = cluster.apply({ a: saying('new', '127.0.0.1:0', STS) });
  await until(cluster, ({ servers }) => servers.a?.state === 'stopped');
  await cluster.stop();
  expect(await outcome).toMatchObject({ status: 'cancelled' });
  expect(sockets.open).toEqual([]);
});
