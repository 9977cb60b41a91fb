import { BehaviorSubject, NEVER, Observable, type Subscription, throwError, VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../lib/config/address.ts';
import type { SharedSocket } from '../../../lib/workers/shared-socket.ts';
import { HeldAddresses } from '../../../lib/workers/sockets/held-addresses.ts';
import type { Newcomers } from '../../../lib/workers/sockets.ts';

const at = (port: number): Address => ({ kind: 'tcp', host: '127.0.0.1', port });

const socket = (port: number): SharedSocket => ({
  address: at(port),
  admit: () => {
    throw new Error('nobody is let in here');
  },
});

/** Sockets that are open just now, by port; each port 0 becomes another one. */
const opening = () => {
  const open: number[] = [];
  let next = 40_000;
  const take = (address: Address): Observable<SharedSocket> =>
    new Observable((subscriber) => {
      const asked = address.kind === 'tcp' ? address.port : -1;
      const port = asked === 0 ? next++ : asked;
      open.push(port);
      subscriber.add(() => open.splice(open.indexOf(port), 1));
      subscriber.next(socket(port));
    });
  return { open, take };
};

const portsOf = (held$: Observable<SharedSocket>): { readonly ports: unknown[]; readonly held: Subscription } => {
  const ports: unknown[] = [];
  const held = held$.subscribe({
    next: ({ address }) => ports.push(address.kind === 'tcp' && address.port),
    error: () => ports.push('error'),
    complete: () => ports.push('over'),
  });
  return { ports, held };
};

describe('an address', () => {
  test('is opened for the first who holds it and closed after the last', () => {
    const { open, take } = opening();
    const addresses = new HeldAddresses(take, { ms: 0 });
    const held$ = addresses.hold('a', at(80));
    expect(open).toEqual([]);
    const [one, two] = [portsOf(held$), portsOf(addresses.hold('a', at(80)))];
    expect([open, one.ports, two.ports]).toEqual([[80], [80], [80]]);
    one.held.unsubscribe();
    expect(open).toEqual([80]);
    two.held.unsubscribe();
    expect(open).toEqual([]);
  });

  test('is found by what it has become', () => {
    const { open, take } = opening();
    const addresses = new HeldAddresses(take, { ms: 0 });
    const asked = portsOf(addresses.hold('any#0', at(0)));
    const named = portsOf(addresses.hold('127.0.0.1:40000', at(40_000)));
    expect([asked.ports, named.ports, open]).toEqual([[40_000], [40_000], [40_000]]);
    asked.held.unsubscribe();
    expect(portsOf(addresses.hold('any#0', at(0))).ports).toEqual([40_000]);
  });

  test('that nobody holds any more is another one for who comes next', () => {
    const { take } = opening();
    const addresses = new HeldAddresses(take, { ms: 0 });
    portsOf(addresses.hold('any#0', at(0))).held.unsubscribe();
    expect(portsOf(addresses.hold('any#0', at(0))).ports).toEqual([40_001]);
  });

  test('that cannot be had is an error for all who wait for it, and is tried anew for who asks in that moment', () => {
    let tries = 0;
    const addresses = new HeldAddresses(
      () => {
        tries += 1;
        return tries === 1 ? throwError(() => new Error('taken')) : NEVER;
      },
      { ms: 0 },
    );
    const again: string[] = [];
    addresses.hold('a', at(80)).subscribe({
      error: () => {
        again.push('failed');
        addresses.hold('a', at(80)).subscribe();
      },
    });
    // The one that was made in that moment is the one that others find.
    addresses.hold('a', at(80)).subscribe();
    expect([tries, again]).toEqual([2, ['failed']]);
  });

  test('is bound once, however many ask while it is being bound, and not for those who left before', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ cold, expectObservable, expectSubscriptions }) => {
        const values = { s: socket(80) };
        const source = cold('--s', values);
        const addresses = new HeldAddresses(() => source, { ms: 0 });
        expectObservable(addresses.hold('a', at(80)), '^----!').toBe('--s', values);
        expectObservable(addresses.hold('a', at(80)), '-^------!').toBe('--s', values);
        expectObservable(addresses.hold('a', at(80)), '^!').toBe('-', values);
        expectSubscriptions(source.subscriptions).toBe('^-------!');
      },
    );
  });

  test('is over for everybody when all are closed', () => {
    const { open, take } = opening();
    const addresses = new HeldAddresses(take, { ms: 0 });
    const { ports } = portsOf(addresses.hold('a', at(80)));
    addresses.close();
    expect([ports, open]).toEqual([[80, 'over'], []]);
  });
});

describe('an address whose last holder has died', () => {
  const lingering = (ms = 1_000, newcomers$?: Observable<Newcomers>) => {
    const time = new VirtualTimeScheduler();
    const { open, take } = opening();
    const addresses = new HeldAddresses(take, { ms, scheduler: time, ...(newcomers$ && { newcomers$ }) });
    const hold = (died = true): Subscription => portsOf(addresses.hold('a', at(80), () => died)).held;
    const pass = (until: number): void => {
      time.maxFrames = until;
      time.flush();
      time.frame = until;
    };
    return { time, open, addresses, hold, pass };
  };

  test('is held on for a while', () => {
    const { open, hold, pass } = lingering();
    hold().unsubscribe();
    pass(999);
    expect(open).toEqual([80]);
    pass(1_001);
    expect(open).toEqual([]);
  });

  test('is held on for as long as anybody is to come, and for a while after that', () => {
    const newcomers$ = new BehaviorSubject<Newcomers>('some');
    const { open, hold, pass, time } = lingering(1_000, newcomers$);
    hold().unsubscribe();
    pass(60_000);
    expect(open).toEqual([80]);
    newcomers$.next('none');
    pass(60_999);
    newcomers$.next('some');
    pass(90_000);
    expect(open).toEqual([80]);
    newcomers$.next('none');
    pass(91_001);
    expect([open, time.actions, newcomers$.observed]).toEqual([[], [], false]);
  });

  test('is let go of at once when nobody comes any more', () => {
    const newcomers$ = new BehaviorSubject<Newcomers>('some');
    const { open, hold, time } = lingering(1_000, newcomers$);
    hold().unsubscribe();
    expect(open).toEqual([80]);
    newcomers$.next('never');
    expect([open, time.actions]).toEqual([[], []]);
    hold().unsubscribe();
    expect([open, newcomers$.observed]).toEqual([[], false]);
  });

  test('is let go of at once when it went in good order, or nobody is to wait', () => {
    const orderly = lingering();
    orderly.hold(false).unsubscribe();
    expect([orderly.open, orderly.time.actions]).toEqual([[], []]);
    const impatient = lingering(0);
    impatient.hold().unsubscribe();
    expect(impatient.open).toEqual([]);
  });

  test('belongs to the next who comes, and goes with that one', () => {
    const { open, hold, pass, time } = lingering();
    hold().unsubscribe();
    pass(500);
    const next = hold(false);
    expect(time.actions).toHaveLength(0);
    pass(5_000);
    expect(open).toEqual([80]);
    next.unsubscribe();
    expect(open).toEqual([]);
  });

  test('is not held on for the sake of one that dies while others live', () => {
    const { open, hold, time } = lingering();
    const stayer = hold(false);
    hold().unsubscribe();
    expect(time.actions).toHaveLength(0);
    stayer.unsubscribe();
    expect(open).toEqual([]);
  });

  test('is closed with all others', () => {
    const { open, hold, addresses, time } = lingering();
    hold().unsubscribe();
    addresses.close();
    expect([open, time.actions]).toEqual([[], []]);
  });
});
