import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BindError } from '../../lib/listener/errors.ts';
import type { Listeners } from '../../lib/listener/listener.ts';
import { freePort, hold, portOf, refusalOf } from './holding.ts';
import { saying } from './saying.ts';
import { dial, get, type Wire } from './wire.ts';

const any = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const ask = (wire: Wire): Wire => {
  wire.write(get('/'));
  return wire;
};

const socketPath = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 's');
};

const isRefused = async (address: Parameters<typeof dial>[0]): Promise<boolean> => {
  const wire = dial(address);
  const refused = await Promise.race([
    wire.closed.then(() => true),
    new Promise<boolean>((resolve) => wire.socket.once('connect', () => resolve(false))),
  ]);
  wire.socket.destroy();
  return refused;
};

/** What everybody who relies on `Listeners` relies on. */
export const listenerContract = (name: string, open: () => Promise<Listeners>): void => {
  describe(`${name}: an address`, () => {
    test('is named with its real port, and another one each time that any port will do', async () => {
      const listeners = await open();
      const [a, b] = [await hold(listeners(any)), await hold(listeners(any))];
      expect(a.listener.address).toMatchObject({ kind: 'tcp', host: '127.0.0.1', port: expect.any(Number) });
      expect(a.listener.address).not.toEqual(b.listener.address);
      expect(a.listener.address).not.toMatchObject({ port: 0 });
    });

    test('of a range is the first that is free', async () => {
      const listeners = await open();
      const first = await freePort();
      const range = { ...any, range: { first, last: first + 20 } };
      const [a, b] = [await hold(listeners(range)), await hold(listeners(range))];
      expect([a.listener.address, b.listener.address]).toEqual([
        { ...any, port: first },
        { ...any, port: expect.any(Number) },
      ]);
    });

    test('by name, of all interfaces, and of a path is taken', async () => {
      const listeners = await open();
      const path = socketPath();
      for (const address of [{ ...any, host: 'localhost' }, { ...any, host: '' }, { kind: 'unix', path } as const]) {
        const { listener } = await hold(listeners(address));
        listener.attach(saying('here'));
        expect(await ask(dial(listener.address)).responses()).toMatchObject([{ body: 'here' }]);
      }
    });

    test('that somebody else holds is an error that says so', async () => {
      const listeners = await open();
      const other = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => {
        other.close();
      });
      await new Promise((resolve) => other.once('listening', resolve));
      const port = portOf(other);
      const error = await refusalOf(listeners({ ...any, port }));
      expect(error).toBeInstanceOf(BindError);
      expect(error).toMatchObject({
        errno: 'EADDRINUSE',
        message: `cannot bind 127.0.0.1:${port}: EADDRINUSE`,
        hint: expect.stringContaining('ss -ltnp'),
      });
    });

    test('that no interface has, or a path without its directory, is an error that says so', async () => {
      const listeners = await open();
      // TEST-NET-1, which no machine has.
      expect(await refusalOf(listeners({ ...any, host: '192.0.2.1' }))).toMatchObject({ errno: 'EADDRNOTAVAIL' });
      const path = join(socketPath(), 'missing/s');
      expect(await refusalOf(listeners({ kind: 'unix', path }))).toMatchObject({
        errno: 'EACCES',
        hint: expect.stringContaining('does not exist'),
      });
    });

    test('is free once it was given back, and can be taken again and again', async () => {
      const listeners = await open();
      const port = await freePort();
      for (const address of [{ ...any, port }, { kind: 'unix', path: socketPath() } as const]) {
        for (let n = 0; n < 10; n += 1) {
          const { listener, release } = await hold(listeners(address));
          listener.attach(saying(`${n}`));
          expect(await ask(dial(address)).responses()).toMatchObject([{ body: `${n}` }]);
          release();
        }
        await expect.poll(() => isRefused(address)).toBe(true);
      }
    });

    test('that nobody waits for any more is not taken', async () => {
      const listeners = await open();
      const port = await freePort();
      const seen: unknown[] = [];
      listeners({ ...any, port })
        .subscribe((listener) => seen.push(listener))
        .unsubscribe();
      await expect.poll(() => isRefused({ ...any, port })).toBe(true);
      const { listener } = await hold(listeners({ ...any, port }));
      expect(listener.address).toEqual({ ...any, port });
      expect(seen).toEqual([]);
    });
  });

  describe(`${name}: a connection`, () => {
    test('that comes before anybody answers is answered as soon as somebody does, whatever it has said by then', async () => {
      const { listener } = await hold((await open())(any));
      const request = get('/');
      const whole = ask(dial(listener.address));
      const half = dial(listener.address);
      half.write(request.slice(0, 20));
      const silent = dial(listener.address);
      await expect.poll(() => listener.acceptedAt).toBeGreaterThan(0);
      listener.attach(saying('at last'));
      half.write(request.slice(20));
      silent.write(request);
      for (const wire of [whole, half, silent]) expect(await wire.responses()).toMatchObject([{ body: 'at last' }]);
    });

    test('stays with whom it has when somebody else begins to answer', async () => {
      const { listener } = await hold((await open())(any));
      listener.attach(saying('old'));
      const before = ask(dial(listener.address));
      await before.responses();
      listener.attach(saying('new'));
      expect(await ask(dial(listener.address)).responses()).toMatchObject([{ body: 'new' }]);
      expect(await ask(before).responses(2)).toMatchObject([{ body: 'old' }, { body: 'old' }]);
    });

    test('survives the end of the address once somebody has it', async () => {
      const { listener, release } = await hold((await open())(any));
      listener.attach(saying('alive'));
      const wire = ask(dial(listener.address));
      await wire.responses();
      release();
      expect(await ask(wire).responses(2)).toHaveLength(2);
      await expect.poll(() => isRefused(listener.address)).toBe(true);
    });

    test('that ended its side is answered all the same', async () => {
      const { listener } = await hold((await open())(any));
      listener.attach(saying('yes'));
      const wire = ask(dial(listener.address));
      wire.socket.end();
      expect(await wire.responses()).toMatchObject([{ body: 'yes' }]);
    });

    test('beyond the limit is closed unanswered; those within it stay, and leave room when they go', async () => {
      const { listener } = await hold((await open())(any));
      listener.attach(saying('in'));
      listener.limit(2);
      const [a, b] = [ask(dial(listener.address)), ask(dial(listener.address))];
      await Promise.all([a.responses(), b.responses()]);
      const c = dial(listener.address);
      await c.closed;
      expect(c.text()).toBe('');
      expect(await ask(a).responses(2)).toHaveLength(2);
      b.socket.resetAndDestroy();
      await expect
        .poll(() =>
          ask(dial(listener.address))
            .responses()
            .then(
              () => 'in',
              () => 'out',
            ),
        )
        .toBe('in');
      listener.limit(0);
      const many = Array.from({ length: 20 }, () => ask(dial(listener.address)));
      expect(await Promise.all(many.map((wire) => wire.responses()))).toHaveLength(20);
    });

    test('is one of thousands that come at once', { timeout: 30_000 }, async () => {
      const { listener } = await hold((await open())(any));
      listener.attach(saying('all of you'));
      const wires = Array.from({ length: 1_000 }, () => ask(dial(listener.address)));
      const answers = await Promise.all(wires.map((wire) => wire.responses()));
      expect(answers.every(([answer]) => answer?.body === 'all of you')).toBe(true);
    });
  });
};
