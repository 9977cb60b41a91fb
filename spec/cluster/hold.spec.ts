import { map, Observable, Subject, type Subscription, takeUntil } from 'rxjs';
import { describe, expect, test, vi } from 'vitest';
import { BindTimeoutError } from '../../lib/cluster/errors.ts';
import { holdAll, type Target } from '../../lib/cluster/hold.ts';
import type { Refusal } from '../../lib/cluster/outcome.ts';
import type { Listener } from '../../lib/listener/listener.ts';
import { Host } from '../../lib/server/host.ts';
import type { HostedServer } from '../../lib/server/server.ts';
import { addressFrom } from './fixtures/specs.ts';

/** A host whose socket is opened, refused and broken by hand. */
const byHand = (server: string) => {
  const socket = new Subject<Listener>();
  let isOpen = false;
  const address = addressFrom('127.0.0.1:1');
  const listeners = () =>
    new Observable<Listener>((subscriber) => {
      isOpen = true;
      subscriber.add(socket.subscribe(subscriber));
      return () => {
        isOpen = false;
      };
    });
  const nobody: Partial<HostedServer> = {};
  const host = new Host(address, listeners, Object.assign(nobody) as HostedServer);
  const target: Target = { server, host };
  const listener: Listener = { address, acceptedAt: 0, attach: () => {}, limit: () => {} };
  return {
    target,
    open: () => socket.next(listener),
    fail: (error: unknown) => socket.error(error),
    get isOpen() {
      return isOpen;
    },
  };
};

const hold = (targets: readonly Target[], startTimeoutMs = 1_000) => {
  const refusals: Refusal[] = [];
  const holds: Subscription[] = [];
  const bound: Host[] = [];
  const log = { refusals, holds, bound, completed: false, subscription: undefined as Subscription | undefined };
  log.subscription = holdAll(targets, {
    startTimeoutMs,
    keep: (one) => holds.push(one),
    bound: (host) => bound.push(host),
  }).subscribe({
    next: (refusal) => refusals.push(refusal),
    complete: () => {
      log.completed = true;
    },
  });
  return log;
};

test('nothing to hold is done at once', () => {
  expect(hold([]).completed).toBe(true);
});

test('is done when every address is bound, and goes on holding them', () => {
  const [a, b] = [byHand('a'), byHand('b')];
  const log = hold([a.target, b.target]);
  b.open();
  expect(log.completed).toBe(false);
  a.open();
  expect(log).toMatchObject({ completed: true, refusals: [], bound: [b.target.host, a.target.host] });
  expect([a.isOpen, b.isOpen]).toEqual([true, true]);
  for (const one of log.holds) one.unsubscribe();
  expect([a.isOpen, b.isOpen]).toEqual([false, false]);
});

test('names every server whose address cannot be had, and waits for the others', () => {
  const [a, b, c] = [byHand('a'), byHand('b'), byHand('c')];
  const log = hold([a.target, b.target, c.target]);
  b.fail(new Error('taken'));
  c.fail('a word');
  expect(log.completed).toBe(false);
  a.open();
  expect(log.completed).toBe(true);
  expect(log.refusals).toMatchObject([
    { server: 'b', cause: { message: 'taken' }, issues: [] },
    { server: 'c', cause: { message: 'a word' } },
  ]);
});

test('a socket that fails after it was bound is not its business any more', () => {
  const [a, b] = [byHand('a'), byHand('b')];
  const log = hold([a.target, b.target]);
  a.open();
  a.fail(new Error('later'));
  b.open();
  expect(log).toMatchObject({ completed: true, refusals: [] });
});

test('given up on from inside a bind lets go of that one too', () => {
  const [a, b] = [byHand('a'), byHand('b')];
  const giveUp = new Subject<void>();
  const holds: Subscription[] = [];
  const leaving = new Host(
    addressFrom('127.0.0.1:1'),
    (address) => {
      giveUp.next();
      return b.target.host.door$.pipe(map((listener) => ({ ...listener, address })));
    },
    b.target.host.server,
  );
  holdAll([a.target, { server: 'b', host: leaving }], {
    startTimeoutMs: 1_000,
    keep: (one) => holds.push(one),
    bound: () => {},
  })
    .pipe(takeUntil(giveUp))
    .subscribe();
  expect(holds).toHaveLength(1);
  expect(b.isOpen).toBe(false);
  expect(a.isOpen).toBe(true);
});

test('two servers on one host are held by one socket', () => {
  const a = byHand('a');
  const log = hold([a.target, { server: 'b', host: a.target.host }]);
  a.open();
  expect(log.completed).toBe(true);
  log.holds[0]?.unsubscribe();
  expect(a.isOpen).toBe(true);
  log.holds[1]?.unsubscribe();
  expect(a.isOpen).toBe(false);
});

describe('with a clock', () => {
  test('names those that are not bound in time, and is done', () => {
    vi.useFakeTimers();
    try {
      const [a, b] = [byHand('a'), byHand('b')];
      const log = hold([a.target, b.target], 500);
      a.open();
      vi.advanceTimersByTime(499);
      expect(log.completed).toBe(false);
      vi.advanceTimersByTime(1);
      expect(log.completed).toBe(true);
      expect(log.refusals).toMatchObject([{ server: 'b', cause: { code: 'ERR_BIND_TIMEOUT', timeoutMs: 500 } }]);
      expect(log.refusals[0]?.cause).toBeInstanceOf(BindTimeoutError);
    } finally {
      vi.useRealTimers();
    }
  });

  test('leaves no timer behind when it is done or given up', () => {
    vi.useFakeTimers();
    try {
      const [a, b] = [byHand('a'), byHand('b')];
      hold([a.target]);
      a.open();
      hold([b.target]).subscription?.unsubscribe();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
