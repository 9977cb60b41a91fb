import { Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ListenerError } from '../../lib/listener/errors.ts';
import { tcpListener } from '../../lib/listener/tcp/tcp.ts';
import { type Held, hold } from './holding.ts';
import { saying } from './saying.ts';
import { dial, get } from './wire.ts';

const any = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const parked = async (): Promise<Held> => hold(tcpListener(any));

/** Node's own servers behind the doors of this process: what a stranger could get hold of. */
const nodeServers = (): readonly Server[] => {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  return handles.call(process).filter((handle): handle is Server => handle instanceof Server);
};

const connected = (wire: ReturnType<typeof dial>): Promise<void> =>
  new Promise((resolve) => wire.socket.once('connect', () => resolve()));

describe('a connection that comes before anybody answers', () => {
  test('is answered once somebody does, when its whole request was there already', async () => {
    const { listener } = await parked();
    const wire = dial(listener.address);
    wire.write(get('/'));
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
    listener.attach(saying('at last'));
    expect(await wire.responses()).toMatchObject([{ body: 'at last' }]);
  });

  test('is answered when half of its request was there and the other half comes later', async () => {
    const { listener } = await parked();
    const wire = dial(listener.address);
    const request = get('/');
    wire.write(request.slice(0, 20));
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
    listener.attach(saying('both halves'));
    wire.write(request.slice(20));
    expect(await wire.responses()).toMatchObject([{ body: 'both halves' }]);
  });

  test('is answered when it says something only later', async () => {
    const { listener } = await parked();
    const wire = dial(listener.address);
    await connected(wire);
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
    listener.attach(saying('hello'));
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ body: 'hello' }]);
  });

  test('and resets meanwhile harms nobody', async () => {
    const { listener } = await parked();
    const leaver = dial(listener.address);
    leaver.write(get('/'));
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
    leaver.socket.resetAndDestroy();
    await leaver.closed;
    const stayer = dial(listener.address);
    stayer.write(get('/'));
    const since = listener.acceptedAt;
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(since);
    listener.attach(saying('still here'));
    expect(await stayer.responses()).toMatchObject([{ body: 'still here' }]);
  });

  test('is let go when nobody ever answers', async () => {
    const { listener, release } = await parked();
    const wire = dial(listener.address);
    wire.write(get('/'));
    await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
    release();
    await wire.closed;
    expect(wire.text()).toBe('');
  });

  test('waits with thousands of others', { timeout: 30_000 }, async () => {
    const { listener } = await parked();
    const wires = Array.from({ length: 2_000 }, () => dial(listener.address));
    for (const wire of wires) wire.write(get('/'));
    await Promise.all(wires.map(connected));
    listener.attach(saying('all of you'));
    const answers = await Promise.all(wires.map((wire) => wire.responses()));
    expect(answers.every(([answer]) => answer?.body === 'all of you')).toBe(true);
  });
});

test('who answers changes in one assignment: connections stay with whom they have', async () => {
  const { listener } = await parked();
  listener.attach(saying('old'));
  const before = dial(listener.address);
  before.write(get('/'));
  await before.responses();
  listener.attach(saying('new'));
  const after = dial(listener.address);
  after.write(get('/'));
  expect(await after.responses()).toMatchObject([{ body: 'new' }]);
  before.write(get('/'));
  expect(await before.responses(2)).toMatchObject([{ body: 'old' }, { body: 'old' }]);
});

test('connections that were taken over survive the end of the address', async () => {
  const { listener, release } = await parked();
  listener.attach(saying('alive'));
  const wire = dial(listener.address);
  wire.write(get('/'));
  await wire.responses();
  release();
  wire.write(get('/'));
  expect(await wire.responses(2)).toHaveLength(2);
  const refused = dial(listener.address);
  expect(await refused.closed).toBe('reset');
});

describe('the limit of connections', () => {
  test('closes those beyond it unanswered and can be changed while they are open', async () => {
    const { listener } = await parked();
    listener.attach(saying('in'));
    listener.limit(2);
    const [a, b, c] = [dial(listener.address), dial(listener.address), dial(listener.address)];
    for (const wire of [a, b]) wire.write(get('/'));
    await Promise.all([a.responses(), b.responses()]);
    await c.closed;
    expect(c.text()).toBe('');

    listener.limit(3);
    const d = dial(listener.address);
    d.write(get('/'));
    await d.responses();

    listener.limit(1);
    for (const wire of [a, b, d]) wire.write(get('/'));
    expect(await Promise.all([a, b, d].map((wire) => wire.responses(2)))).toHaveLength(3);
    const e = dial(listener.address);
    await e.closed;
    expect(e.text()).toBe('');

    listener.limit(0);
    const many = Array.from({ length: 20 }, () => dial(listener.address));
    for (const wire of many) wire.write(get('/'));
    expect(await Promise.all(many.map((wire) => wire.responses()))).toHaveLength(20);
  });

  test('counts those that have left no longer', async () => {
    const { listener } = await parked();
    listener.attach(saying('in'));
    listener.limit(1);
    for (let n = 0; n < 20; n += 1) {
      const wire = dial(listener.address);
      wire.write(get('/'));
      await wire.responses();
      wire.socket.resetAndDestroy();
      await wire.closed;
      // The server hears of it a turn later.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
});

describe('a socket that fails after it was bound', () => {
  test('is reported to whoever holds it', async () => {
    const before = new Set(nodeServers());
    const { listener, failed } = await parked();
    const [server] = nodeServers().filter((each) => !before.has(each));
    server?.close();
    const error = await failed;
    expect(error).toBeInstanceOf(ListenerError);
    expect(error).toMatchObject({ code: 'ERR_LISTENER', cause: expect.any(Error) });
    const refused = dial(listener.address);
    expect(await refused.closed).toBe('reset');
  });

  test('while connections are open is reported too', async () => {
    const before = new Set(nodeServers());
    const { listener, failed } = await parked();
    listener.attach(saying('open'));
    const wire = dial(listener.address);
    wire.write(get('/'));
    await wire.responses();
    const [server] = nodeServers().filter((each) => !before.has(each));
    server?.close();
    expect(await failed).toBeInstanceOf(ListenerError);
    // It was the address that failed: the connection has not.
    wire.write(get('/'));
    expect(await wire.responses(2)).toHaveLength(2);
  });
});
