import fc from 'fast-check';
import { Subscription, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { MOST_WAITING, type Passenger, Rotation, type Taker } from '../../../lib/workers/sockets/rotation.ts';

interface Numbered extends Passenger {
  readonly number: number;
  released: boolean;
  gone: boolean;
}

const passenger = (number: number): Numbered => ({
  number,
  released: false,
  gone: false,
  release() {
    this.released = true;
  },
});

interface Desk extends Taker<Numbered> {
  readonly taken: number[];
  /** What it was offered and has not answered. */
  readonly offered: Numbered | undefined;
  take(): void;
  miss(): void;
}

const desk = (): Desk => {
  const taken: number[] = [];
  let open: { readonly passenger: Numbered; taken(): void; undelivered(): void } | undefined;
  return {
    taken,
    get offered() {
      return open?.passenger;
    },
    offer: (one, answer) => {
      if (open !== undefined) throw new Error('two at once');
      open = { passenger: one, ...answer };
      return new Subscription(() => {
        open = undefined;
      });
    },
    take: () => {
      const answered = open;
      open = undefined;
      if (answered === undefined) return;
      taken.push(answered.passenger.number);
      answered.taken();
    },
    miss: () => {
      const answered = open;
      open = undefined;
      answered?.undelivered();
    },
  };
};

const numbers = (count: number): readonly Numbered[] => Array.from({ length: count }, (_, n) => passenger(n));

describe('connections', () => {
  test('go to everybody in turn', () => {
    const rotation = new Rotation<Numbered>();
    const desks = [desk(), desk(), desk()];
    for (const one of desks) rotation.join(one);
    for (const one of numbers(9)) {
      rotation.add(one);
      for (const each of desks) each.take();
    }
    expect(desks.map(({ taken }) => taken)).toEqual([
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ]);
  });

  test('pass by whoever has not taken the last one', () => {
    const rotation = new Rotation<Numbered>();
    const [slow, quick] = [desk(), desk()];
    rotation.join(slow);
    rotation.join(quick);
    for (const one of numbers(5)) {
      rotation.add(one);
      quick.take();
    }
    expect(slow.offered?.number).toBe(0);
    expect(quick.taken).toEqual([1, 2, 3, 4]);
    expect(rotation.waiting).toBe(0);
    slow.take();
    rotation.add(passenger(5));
    expect(quick.offered?.number).toBe(5);
  });

  test('wait in order while nobody is there, and are let go of here once somebody has them', () => {
    const rotation = new Rotation<Numbered>();
    const all = numbers(3);
    for (const one of all) rotation.add(one);
    expect(rotation.waiting).toBe(3);
    const late = desk();
    rotation.join(late);
    expect(all.map(({ released }) => released)).toEqual([false, false, false]);
    for (const _ of all) late.take();
    expect(late.taken).toEqual([0, 1, 2]);
    expect(all.map(({ released }) => released)).toEqual([true, true, true]);
  });

  test('that were offered to somebody who leaves go to the next, before those that came later', () => {
    const rotation = new Rotation<Numbered>();
    const leaver = desk();
    const stay = rotation.join(leaver);
    for (const one of numbers(3)) rotation.add(one);
    stay.unsubscribe();
    expect(leaver.offered).toBeUndefined();
    const heir = desk();
    rotation.join(heir);
    for (let n = 0; n < 3; n += 1) heir.take();
    expect(heir.taken).toEqual([0, 1, 2]);
  });

  test('whose client is known to have left are offered to nobody', () => {
    const rotation = new Rotation<Numbered>();
    const [gone, here] = [passenger(0), passenger(1)];
    rotation.add(gone);
    rotation.add(here);
    gone.gone = true;
    const one = desk();
    rotation.join(one);
    expect(one.offered).toBe(here);
    expect(gone.released).toBe(true);
  });

  test('that do not reach somebody go to the next at once, and to the same again after a while', () => {
    const time = new VirtualTimeScheduler();
    const rotation = new Rotation<Numbered>(time);
    const [deaf, other] = [desk(), desk()];
    rotation.join(deaf);
    rotation.add(passenger(0));
    deaf.miss();
    expect(rotation.waiting).toBe(1);
    const joined = rotation.join(other);
    other.take();
    expect(other.taken).toEqual([0]);
    joined.unsubscribe();
    rotation.add(passenger(1));
    expect(deaf.offered).toBeUndefined();
    time.flush();
    expect(time.frame).toBe(100);
    expect(deaf.offered?.number).toBe(1);
  });

  test('that did not reach somebody who has left need no timer', () => {
    const time = new VirtualTimeScheduler();
    const rotation = new Rotation<Numbered>(time);
    const deaf = desk();
    const stay = rotation.join(deaf);
    rotation.add(passenger(0));
    deaf.miss();
    expect(time.actions).toHaveLength(1);
    stay.unsubscribe();
    expect(time.actions).toHaveLength(0);
  });

  test('beyond what can wait are let go of', () => {
    const rotation = new Rotation<Numbered>();
    const all = numbers(MOST_WAITING + 1);
    for (const one of all) rotation.add(one);
    expect(rotation.waiting).toBe(MOST_WAITING);
    expect(all.filter(({ released }) => released).map(({ number }) => number)).toEqual([MOST_WAITING]);
  });

  test('are all let go of in the end, those that somebody has not taken when that one leaves', () => {
    const rotation = new Rotation<Numbered>();
    const one = desk();
    const stay = rotation.join(one);
    const all = numbers(3);
    for (const each of all) rotation.add(each);
    rotation.close();
    expect(all.map(({ released }) => released)).toEqual([false, true, true]);
    stay.unsubscribe();
    const late = passenger(3);
    rotation.add(late);
    expect([...all, late].every(({ released }) => released)).toBe(true);
  });
});

test('whoever comes and goes, each connection is taken by exactly one, or waits', () => {
  const step = fc.oneof(
    fc.constant({ type: 'add' } as const),
    fc.constant({ type: 'join' } as const),
    fc.record({ type: fc.constant('take' as const), who: fc.nat(20) }),
    fc.record({ type: fc.constant('leave' as const), who: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const rotation = new Rotation<Numbered>();
      const all: Numbered[] = [];
      const desks: Desk[] = [];
      const present = new Map<Desk, { unsubscribe(): void }>();
      const pick = (who: number): Desk | undefined => [...present.keys()][who % Math.max(present.size, 1)];
      for (const one of steps) {
        if (one.type === 'add') {
          const added = passenger(all.length);
          all.push(added);
          rotation.add(added);
        } else if (one.type === 'join') {
          const joined = desk();
          desks.push(joined);
          present.set(joined, rotation.join(joined));
        } else {
          const who = pick(one.who);
          if (who === undefined) continue;
          if (one.type === 'take') who.take();
          else {
            present.get(who)?.unsubscribe();
            present.delete(who);
          }
        }
        const taken = desks.flatMap((each) => each.taken);
        const offered = [...present.keys()].flatMap((each) => each.offered ?? []);
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length + offered.length + rotation.waiting).toBe(all.length);
        // Nobody waits while somebody is free.
        if (rotation.waiting > 0) expect(offered).toHaveLength(present.size);
        expect(all.filter(({ released }) => released)).toHaveLength(taken.length);
      }
    }),
  );
});
