import net, { createServer } from 'node:net';
import type { Observable } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDoor, openHandle } from '../../lib/listener/door.ts';
import { UnsupportedSharingError } from '../../lib/listener/errors.ts';
import { takeAddress } from '../../lib/listener/listeners.ts';
import { openPin, type Pin } from '../../lib/listener/pin.ts';
import { freePort, hold, refusalOf } from './holding.ts';
import { dial } from './wire.ts';

const any = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const pinned = (pin$: Observable<Pin>): Promise<{ readonly pin: Pin; release(): void }> =>
  new Promise((resolve, reject) => {
    const subscription = pin$.subscribe({
      next: (pin) => queueMicrotask(() => resolve({ pin, release: () => subscription.unsubscribe() })),
      error: reject,
    });
    onTestFinished(() => subscription.unsubscribe());
  });

const take = takeAddress(openPin());

describe('a pinned address', () => {
  test('refuses whoever connects while nobody listens', async () => {
    const { pin } = await pinned(take(any));
    expect(pin.address).toMatchObject({ port: expect.any(Number) });
    expect(await dial(pin.address).closed).toBe('reset');
  });

  test('is free in the turn in which it is given back', async () => {
    const address = { ...any, port: await freePort() };
    const { release } = await pinned(take(address));
    release();
    const { listener } = await hold(takeAddress(openDoor)(address));
    expect(listener.address).toEqual(address);
  });

  test('is not to be had where somebody listens', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      other.close();
    });
    await new Promise((resolve) => other.once('listening', resolve));
    const bound = other.address();
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
    await expect(pinned(take({ ...any, port }))).rejects.toMatchObject({
      code: 'ERR_BIND',
      errno: 'EADDRINUSE',
      cause: { syscall: 'bind' },
    });
  });

  test('is had by the first to listen where two have pinned it', async () => {
    const address = { ...any, port: await freePort() };
    const [one, two] = [await pinned(take(address)), await pinned(take(address))];
    await hold(openHandle(address, one.pin.handle));
    expect(await refusalOf(openHandle(address, two.pin.handle))).toMatchObject({ errno: 'EADDRINUSE' });
  });

  test.each([70_000, -1, 1.5])('has a port, which %d is not', async (port) => {
    await expect(pinned(take({ ...any, port }))).rejects.toMatchObject({ errno: 'ERR_SOCKET_BAD_PORT' });
  });

  test('by a name that is nobody’s is an error', async () => {
    // A label longer than 63 bytes resolves to nothing without a question to any name server.
    await expect(pinned(take({ ...any, host: `${'a'.repeat(64)}.test` }))).rejects.toMatchObject({
      errno: 'ENOTFOUND',
    });
  });

  test('by a name that nobody waits for is not bound', async () => {
    const address = { ...any, host: 'localhost', port: await freePort() };
    const seen: unknown[] = [];
    take(address)
      .subscribe((pin) => seen.push(pin))
      .unsubscribe();
    const { listener } = await hold(takeAddress(openDoor)(address));
    expect(listener.address).toEqual(address);
    expect(seen).toEqual([]);
  });
});

describe('a Node that cannot do it', () => {
  test('is an error that names what to do instead', async () => {
    const create: unknown = Reflect.get(net, '_createServerHandle');
    Reflect.set(net, '_createServerHandle', undefined);
    onTestFinished(() => {
      Reflect.set(net, '_createServerHandle', create);
    });
    const error = await pinned(take(any)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedSharingError);
    expect(error).toMatchObject({
      code: 'ERR_SHARING_UNSUPPORTED',
      hint: expect.stringContaining('round-robin'),
      message: expect.stringContaining(process.versions.node),
    });
  });

  test('is found out when something arrives that is no socket', async () => {
    expect(await refusalOf(openHandle(any, 'socket'))).toMatchObject({
      code: 'ERR_BIND',
      cause: { code: 'ERR_SHARING_UNSUPPORTED' },
    });
  });
});
