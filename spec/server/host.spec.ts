import { NEVER, Observable, Subject, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import { BindError } from '../../lib/listener/errors.ts';
import type { Listener, Listeners } from '../../lib/listener/listener.ts';
import { systemListeners } from '../../lib/listener/listeners.ts';
import { Host } from '../../lib/server/host.ts';
import type { HostedServer } from '../../lib/server/server.ts';
import { hold } from '../listener/holding.ts';

const any: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

const server: HostedServer = {
  connections: 0,
  inFlight: 0,
  accept: () => {},
  assign: () => {},
  drain: () => NEVER,
  destroy: () => {},
};

const listenerAt = (address: Address): Listener => ({ address, acceptedAt: 0, attach: () => {}, limit: () => {} });

/** Listeners that a test opens and breaks by hand, and that note what was asked of them. */
const manual = () => {
  const notes: string[] = [];
  let current: Subject<Listener> | undefined;
  const listeners: Listeners = (address) =>
    new Observable((subscriber) => {
      const port = address.kind === 'tcp' ? address.port : 0;
      notes.push(`bind ${port}`);
      current = new Subject();
      subscriber.add(current.subscribe(subscriber));
      subscriber.add(() => notes.push(`close ${port}`));
    });
  return {
    notes,
    listeners,
    bound: (port: number) => current?.next(listenerAt({ kind: 'tcp', host: '127.0.0.1', port })),
    broken: (error: Error) => current?.error(error),
  };
};

const quiet = { error: () => {} };

describe('an address', () => {
  test('is bound for the first who holds it and closed after the last', () => {
    const { notes, listeners, bound } = manual();
    const host = new Host(any, listeners, server);
    expect(notes).toEqual([]);
    const first = host.door$.subscribe();
    bound(80);
    const seen: unknown[] = [];
    const second = host.door$.subscribe((listener) => seen.push(listener.address));
    expect(seen).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 80 }]);
    first.unsubscribe();
    expect(notes).toEqual(['bind 0']);
    expect(host.listener).toBeDefined();
    second.unsubscribe();
    expect(notes).toEqual(['bind 0', 'close 0']);
    expect(host.listener).toBeUndefined();
  });

  test('is closed ahead of its last holder when that is about to leave, and of nobody else', () => {
    const { notes, listeners, bound } = manual();
    const host = new Host(any, listeners, server);
    const first = host.door$.subscribe();
    const second = host.door$.subscribe();
    bound(80);
    host.letGo();
    expect(notes).toEqual(['bind 0']);
    first.unsubscribe();
    host.letGo();
    expect(notes).toEqual(['bind 0', 'close 0']);
    expect(host.listener).toBeUndefined();
    second.unsubscribe();
    host.door$.subscribe();
    expect(notes).toEqual(['bind 0', 'close 0', 'bind 80']);
  });

  test('that is given up while it is being bound is let go in the same turn', () => {
    const { notes, listeners } = manual();
    const host = new Host(any, listeners, server);
    host.door$.subscribe().unsubscribe();
    expect(notes).toEqual(['bind 0', 'close 0']);
    expect(host.listener).toBeUndefined();
  });

  test('that is taken again is bound on the port it had', () => {
    const { notes, listeners, bound } = manual();
    const host = new Host(any, listeners, server);
    const first = host.door$.subscribe();
    bound(8081);
    expect(host.address).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 8081 });
    first.unsubscribe();
    host.door$.subscribe();
    expect(notes).toEqual(['bind 0', 'close 0', 'bind 8081']);
  });

  test('that fails tells everybody who holds it, and the next one binds it anew', () => {
    const { notes, listeners, bound, broken } = manual();
    const host = new Host(any, listeners, server);
    const errors: unknown[] = [];
    host.door$.subscribe({ error: (error) => errors.push(error) });
    host.door$.subscribe({ error: (error) => errors.push(error) });
    bound(90);
    const failure = new Error('gone');
    broken(failure);
    expect(errors).toEqual([failure, failure]);
    expect(host.listener).toBeUndefined();
    host.door$.subscribe(quiet);
    bound(90);
    expect(host.listener).toBeDefined();
    expect(notes).toEqual(['bind 0', 'close 0', 'bind 90']);
  });

  test('can be taken again by whoever is just told that it failed', () => {
    const { notes, listeners, broken } = manual();
    const host = new Host(any, listeners, server);
    let again = 0;
    const take = (): void => {
      host.door$.subscribe({
        error: () => {
          again += 1;
          if (again < 3) take();
        },
      });
    };
    take();
    broken(new Error('first'));
    broken(new Error('second'));
    expect(again).toBe(2);
    expect(notes.filter((note) => note.startsWith('bind'))).toHaveLength(3);
    expect(notes.filter((note) => note.startsWith('close'))).toHaveLength(2);
  });

  test('is not held on to by listeners that answer at once', () => {
    let closed = 0;
    const listeners: Listeners = (address) =>
      new Observable((subscriber) => {
        subscriber.add(() => {
          closed += 1;
        });
        subscriber.next(listenerAt(address));
      });
    const host = new Host(any, listeners, server);
    const held = host.door$.subscribe();
    expect(host.listener).toBeDefined();
    held.unsubscribe();
    expect(closed).toBe(1);
    expect(host.listener).toBeUndefined();
  });

  test('that fails at once is free again', () => {
    const host = new Host(any, () => throwError(() => new Error('no')), server);
    const errors: unknown[] = [];
    for (let n = 0; n < 3; n += 1) host.door$.subscribe({ error: (error) => errors.push(error) });
    expect(errors).toHaveLength(3);
    expect(host.listener).toBeUndefined();
  });
});

test('the real port outlives its socket: taking the address again brings it back', async () => {
  const host = new Host(any, systemListeners, server);
  const first = await hold(host.door$);
  const { address } = host;
  expect(address).toMatchObject({ port: expect.any(Number) });
  expect(address).not.toMatchObject({ port: 0 });
  first.release();
  const second = await hold(host.door$);
  expect(second.listener.address).toEqual(address);
});

test('a port that was found and is taken meanwhile is given up for another one, which is told once', async () => {
  const host = new Host(any, systemListeners, server);
  const first = await hold(host.door$);
  const { address } = host;
  first.release();
  const theirs = await hold(new Host(address, systemListeners, server).door$);
  const second = await hold(host.door$);
  expect(second.listener.address).not.toEqual(address);
  expect(second.listener.address).toEqual(host.address);
  expect(host.takeMissed()).toEqual(address);
  expect(host.takeMissed()).toBeUndefined();
  theirs.release();
  second.release();
  const third = await hold(host.door$);
  expect(third.listener.address).toEqual(second.listener.address);
});

test('another reason than a taken port is no reason to look elsewhere', () => {
  const { notes, listeners, bound, broken } = manual();
  const host = new Host(any, listeners, server);
  host.door$.subscribe(quiet).add(host.door$.subscribe(quiet));
  bound(80);
  broken(new Error('died'));
  const errors: unknown[] = [];
  host.door$.subscribe({ error: (error) => errors.push(error) });
  broken(new BindError('127.0.0.1:80', { cause: Object.assign(new Error('no'), { code: 'EACCES' }) }));
  expect(errors).toMatchObject([{ errno: 'EACCES' }]);
  expect(notes).toEqual(['bind 0', 'close 0', 'bind 80', 'close 80']);
});

test('an address that somebody else took meanwhile is had again when they let go', async () => {
  const host = new Host(any, (address) => systemListeners(address), server);
  const first = await hold(host.door$);
  first.release();
  host.asked = host.address;
  const other = new Host(host.address, systemListeners, server);
  const theirs = await hold(other.door$);
  expect(theirs.listener.address).toEqual(host.address);
  await expect(hold(host.door$)).rejects.toMatchObject({ errno: 'EADDRINUSE' });
  theirs.release();
  expect((await hold(host.door$)).listener.address).toEqual(host.address);
});
