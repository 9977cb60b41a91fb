import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Observable, of, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import { BindError } from '../../lib/listener/errors.ts';
import type { Listener, Listeners } from '../../lib/listener/listener.ts';
import { createSockets } from '../../lib/workers/create-sockets.ts';
import type { HeldSocket, Sockets } from '../../lib/workers/sockets.ts';
import { workerListeners } from '../../lib/workers/worker-listeners.ts';
import { type Held, hold } from '../listener/holding.ts';
import { saying } from '../listener/saying.ts';
import { dial, get, type Wire } from '../listener/wire.ts';
import { type Linked, type LinkedWorker, linked } from './linked.ts';

const any = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const sharings = ['shared', 'round-robin'] as const;

const ask = (address: Address): Wire => {
  const wire = dial(address);
  wire.write(get('/'));
  return wire;
};

const answerAt = async (address: Address): Promise<string | undefined> => {
  const wire = ask(address);
  const [answer] = await wire.responses();
  wire.socket.destroy();
  return answer?.body;
};

/** What becomes of who connects: an answer, or `refused`, or `cut`. */
const fateAt = (address: Address): Promise<string | undefined> => {
  const wire = ask(address);
  return Promise.race([wire.responses().then(([answer]) => answer?.body), wire.closed]).catch(() => 'cut');
};

/** Lets a worker answer at an address. */
const serve = async (listeners: Listeners, address: Address, body: string): Promise<Held> => {
  const held = await hold(listeners(address));
  held.listener.attach(saying(body));
  return held;
};

const holdIn = (sockets: Sockets, address: Address): Promise<{ readonly address: Address; release(): void }> =>
  new Promise((resolve, reject) => {
    const subscription = sockets.hold(address).subscribe({
      next: (held: HeldSocket) =>
        queueMicrotask(() => resolve({ address: held.address, release: () => subscription.unsubscribe() })),
      error: reject,
    });
    onTestFinished(() => subscription.unsubscribe());
  });

const openFiles = (): number => readdirSync('/proc/self/fd').length;

const socketPath = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 's');
};

/** A worker that is gone: nothing of its sockets is left, and it never said that it gave them back. */
const kill = (worker: LinkedWorker, ...held: readonly Held[]): void => {
  worker.dies();
  for (const { release } of held) release();
};

describe.each(sharings)('%s sockets', (sharing) => {
  test('of several workers are one port, and both answer there', async () => {
    const { worker } = await linked({ sharing });
    const [one, two] = [worker(), worker()];
    const first = await serve(one.listeners, any, 'one');
    const second = await serve(two.listeners, any, 'two');
    expect(second.listener.address).toEqual(first.listener.address);
    const answers = new Set<string | undefined>();
    await expect
      .poll(async () => answers.add(await answerAt(first.listener.address)), { interval: 1 })
      .toEqual(new Set(['one', 'two']));
  });

  test('for any port are different ones within a worker, and the same ones for each of them', async () => {
    const { worker } = await linked({ sharing });
    const ports = async ({ listeners }: LinkedWorker): Promise<readonly Address[]> => {
      const [a, b] = [await hold(listeners(any)), await hold(listeners(any))];
      return [a.listener.address, b.listener.address];
    };
    const first = await ports(worker());
    expect(new Set(first.map((address) => address.kind === 'tcp' && address.port)).size).toBe(2);
    expect(await ports(worker())).toEqual(first);
  });

  test('stay when a worker leaves in good order, and go with the last one', async () => {
    const { worker } = await linked({ sharing });
    const [one, two] = [worker(), worker()];
    const first = await serve(one.listeners, any, 'one');
    const { address } = first.listener;
    const second = await serve(two.listeners, any, 'two');
    first.release();
    for (let n = 0; n < 5; n += 1) expect(await answerAt(address)).toBe('two');
    second.release();
    await expect.poll(() => fateAt(address)).toBe('reset');
  });

  test('keep those who connect while every worker is dead for the one that comes next', async () => {
    const { worker } = await linked({ sharing });
    const one = worker();
    const first = await serve(one.listeners, any, 'one');
    const { address } = first.listener;
    kill(one, first);
    const waiting = Array.from({ length: 20 }, () => ask(address));
    await Promise.all(waiting.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    const next = await serve(worker().listeners, any, 'next');
    expect(next.listener.address).toEqual(address);
    for (const wire of waiting) expect(await wire.responses()).toMatchObject([{ body: 'next' }]);
  });

  test('that the primary holds outlive workers that give them back', async () => {
    const { worker, sockets } = await linked({ sharing });
    const held = await holdIn(sockets, any);
    const first = await serve(worker().listeners, any, 'one');
    expect(first.listener.address).toEqual(held.address);
    await answerAt(held.address);
    first.release();
    const waiting = ask(held.address);
    await new Promise((resolve) => waiting.socket.once('connect', resolve));
    await serve(worker().listeners, held.address, 'two');
    expect(await waiting.responses()).toMatchObject([{ body: 'two' }]);
  });

  test('that the primary holds are given back with the last worker', async () => {
    const { worker, sockets } = await linked({ sharing });
    const held = await holdIn(sockets, any);
    const first = await serve(worker().listeners, held.address, 'one');
    held.release();
    expect(await answerAt(held.address)).toBe('one');
    first.release();
    await expect.poll(() => fateAt(held.address)).toBe('reset');
  });

  test('of a path leave no file behind, and a file that was left behind does not matter', async () => {
    const path = socketPath();
    const address = { kind: 'unix', path } as const;
    const { worker, sockets } = await linked({ sharing });
    const [one, two] = [worker(), worker()];
    const first = await serve(one.listeners, address, 'one');
    const second = await serve(two.listeners, address, 'two');
    first.release();
    expect(await answerAt(address)).toBe('two');
    expect(existsSync(path)).toBe(true);
    kill(two, second);
    expect(existsSync(path)).toBe(true);
    sockets.close();
    expect(existsSync(path)).toBe(false);
  });

  test('cannot be had by a second primary where workers serve', async () => {
    const { worker } = await linked({ sharing });
    const { listener } = await serve(worker().listeners, any, 'first');
    const second = createSockets({ sharing });
    const error = await holdIn(second, listener.address).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BindError);
    expect(error).toMatchObject({ errno: 'EADDRINUSE', hint: expect.stringContaining('ss -ltnp') });
    const other = await linked({ sharing });
    await expect(hold(other.worker().listeners(listener.address))).rejects.toMatchObject({ errno: 'EADDRINUSE' });
    expect(await answerAt(listener.address)).toBe('first');
  });

  test('are all closed at once in the end', async () => {
    const { sockets } = await linked({ sharing });
    const ends: string[] = [];
    sockets.hold(any).subscribe({ complete: () => ends.push('a') });
    sockets.hold(any).subscribe({ complete: () => ends.push('b') });
    sockets.close();
    expect(ends).toEqual(['a', 'b']);
  });

  test('leave nothing open, whoever came, died and went', async () => {
    const { worker, sockets } = await linked({ sharing });
    // What is opened once for a process is there afterwards.
    const first = worker();
    kill(first, await serve(first.listeners, any, 'first'));
    await answerAt((await serve(worker().listeners, any, 'second')).listener.address);
    const before = openFiles();
    for (let n = 0; n < 20; n += 1) {
      const one = worker();
      const held = await serve(one.listeners, { ...any, host: '127.0.0.2' }, 'here');
      await answerAt(held.listener.address);
      if (n % 2 === 0) kill(one, held);
      else held.release();
    }
    sockets.close();
    await expect.poll(openFiles).toBeLessThanOrEqual(before);
  });
});

describe('what was given to a worker in turn', () => {
  const two = async (): Promise<
    Linked & { readonly slow: LinkedWorker; readonly address: Address; readonly held: Held }
  > => {
    const link = await linked({ sharing: 'round-robin' });
    const slow = link.worker();
    const held = await serve(slow.listeners, any, 'slow');
    return { ...link, slow, held, address: held.listener.address };
  };

  test('and not seen to goes to another one when it dies', async () => {
    const { slow, held, worker, address } = await two();
    slow.stall();
    const stuck = ask(address);
    await new Promise((resolve) => stuck.socket.once('connect', resolve));
    await serve(worker().listeners, any, 'quick');
    for (let n = 0; n < 10; n += 1) expect(await answerAt(address)).toBe('quick');
    expect(stuck.text()).toBe('');
    kill(slow, held);
    expect(await stuck.responses()).toMatchObject([{ body: 'quick' }]);
    // It wakes up too late.
    slow.resume();
    expect(slow.said.filter(({ type }) => type === 'accepted')).toEqual([]);
  });

  test('goes to another one when it gives the address back', async () => {
    const { slow, held, worker, address } = await two();
    slow.stall();
    const stuck = ask(address);
    await new Promise((resolve) => stuck.socket.once('connect', resolve));
    await serve(worker().listeners, any, 'quick');
    held.release();
    expect(await stuck.responses()).toMatchObject([{ body: 'quick' }]);
    slow.resume();
    expect(await answerAt(address)).toBe('quick');
  });

  test('and parked there goes to another one when nobody ever answers', async () => {
    const { worker, address, held } = await two();
    held.release();
    const parking = await hold(worker().listeners(address));
    const parked = ask(address);
    await expect.poll(() => parking.listener.acceptedAt).toBeGreaterThan(0);
    await serve(worker().listeners, address, 'quick');
    parking.release();
    expect(await parked.responses()).toMatchObject([{ body: 'quick' }]);
  });

  test('and seen to late is answered once', async () => {
    const { slow, address } = await two();
    slow.stall();
    const stuck = ask(address);
    await new Promise((resolve) => stuck.socket.once('connect', resolve));
    // Long enough for the primary to ask again.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    slow.resume();
    expect(await stuck.responses()).toMatchObject([{ body: 'slow' }]);
    stuck.write(get('/'));
    expect(await stuck.responses(2)).toHaveLength(2);
    expect(slow.said.filter(({ type }) => type === 'accepted')).toHaveLength(1);
  });

  test('is shared fairly', async () => {
    const { worker, address, slow } = await two();
    const others = [worker(), worker()];
    for (const other of others) await serve(other.listeners, any, 'other');
    for (let n = 0; n < 60; n += 1) await answerAt(address);
    for (const each of [slow, ...others]) {
      const taken = each.said.filter(({ type }) => type === 'accepted').length;
      expect(taken).toBeGreaterThanOrEqual(15);
      expect(taken).toBeLessThanOrEqual(25);
    }
  });
});

describe('a port that several sockets cannot have', () => {
  test('is shared through one socket instead, and somebody hears of it once', async () => {
    const warnings: { readonly code: string; readonly hint: string }[] = [];
    let probes = 0;
    const probe = new Observable<boolean>((subscriber) => {
      probes += 1;
      return of(false).subscribe(subscriber);
    });
    const { worker } = await linked({ sharing: 'reuse-port', probe, warn: (warning) => warnings.push(warning) });
    const first = await serve(worker().listeners, any, 'one');
    const second = await serve(worker().listeners, any, 'two');
    expect(second.listener.address).toEqual(first.listener.address);
    await hold(worker().listeners(any));
    expect(warnings).toMatchObject([{ code: 'WARN_REUSE_PORT', hint: expect.stringContaining('22.12') }]);
    expect(probes).toBe(1);
  });

  test('is not asked about for a path', async () => {
    const { worker } = await linked({
      sharing: 'reuse-port',
      probe: new Observable(() => {
        throw new Error('nobody needs to know');
      }),
    });
    const address = { kind: 'unix', path: socketPath() } as const;
    await serve(worker().listeners, address, 'one');
    expect(await answerAt(address)).toBe('one');
  });
});

describe('a worker whose primary is gone', () => {
  test.each(sharings)('is told so when it asks, or waits for an answer (%s)', async (sharing) => {
    const { worker } = await linked({ sharing });
    const one = worker();
    one.stall();
    const waiting = hold(one.listeners(any));
    one.abandon();
    await expect(waiting).rejects.toBeInstanceOf(BindError);
    await expect(hold(one.listeners(any))).rejects.toMatchObject({
      errno: 'ERR_IPC_CHANNEL_CLOSED',
      address: '127.0.0.1:0',
      hint: expect.stringContaining('primary'),
    });
  });

  test('keeps what it has', async () => {
    const { worker } = await linked({ sharing: 'shared' });
    const one = worker();
    const { listener } = await serve(one.listeners, any, 'still here');
    one.abandon();
    expect(await answerAt(listener.address)).toBe('still here');
  });
});

test('what a worker asks for and cannot be an address is an error of its own', async () => {
  const { worker } = await linked();
  const wrong: Address = { kind: 'tcp', host: 'not a host', port: 1 };
  await expect(hold(worker().listeners(wrong))).rejects.toMatchObject({ code: 'ERR_BIND', address: 'not a host:1' });
});

test('a worker that is not answered in time is told so, and wants nothing any more', () => {
  const time = new VirtualTimeScheduler();
  const said: string[] = [];
  const listeners = workerListeners(
    { nextId: () => 1, onMessage: () => () => {}, onGone: () => () => {}, send: ({ type }) => said.push(type) },
    'shared',
    time,
  );
  const errors: unknown[] = [];
  const seen: Listener[] = [];
  listeners(any).subscribe({ next: (listener) => seen.push(listener), error: (error) => errors.push(error) });
  time.flush();
  expect(time.frame).toBe(10_000);
  expect(errors).toMatchObject([{ code: 'ERR_BIND', errno: 'ETIMEDOUT' }]);
  expect([said, seen]).toEqual([['listen', 'unlisten'], []]);
});
