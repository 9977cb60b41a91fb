import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDeadline } from '../../lib/workers/deadline.ts';
import { virtualTime } from './fake-process.ts';

test('the earliest moment counts, whenever it was set', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 10 }),
      (sets) => {
        const time = virtualTime();
        const passed: number[] = [];
        const deadline = createDeadline(time, () => passed.push(time.now()));
        let earliest = Number.POSITIVE_INFINITY;
        for (const [wait, inMs] of sets) {
          time.pass(wait);
          const at = time.now() + inMs;
          expect(deadline.set(inMs)).toBe(at < earliest);
          earliest = Math.min(earliest, at);
        }
        time.pass(2000);
        expect(passed).toEqual([earliest]);
        expect(time.waiting).toBe(0);
      },
    ),
  );
});

test('no time at all has passed at once', () => {
  const time = virtualTime();
  let passed = 0;
  const deadline = createDeadline(time, () => {
    passed += 1;
  });
  expect(deadline.set(10)).toBe(true);
  expect(deadline.set(0)).toBe(true);
  expect(passed).toBe(1);
  expect(time.waiting).toBe(0);
});

test('more than a timer can count never comes, and leaves room for what does', () => {
  const time = virtualTime();
  const deadline = createDeadline(time, () => {});
  expect(deadline.set(Number.POSITIVE_INFINITY)).toBe(false);
  expect(deadline.set(2 ** 31)).toBe(false);
  expect(time.waiting).toBe(0);
  expect(deadline.set(2 ** 31 - 1)).toBe(true);
});

test('cancelled it does not come, and nothing can be set any more', () => {
  const time = virtualTime();
  let passed = 0;
  const deadline = createDeadline(time, () => {
    passed += 1;
  });
  deadline.set(10);
  deadline.cancel();
  expect(deadline.set(5)).toBe(false);
  expect(deadline.set(0)).toBe(false);
  time.pass(100);
  expect([passed, time.waiting]).toEqual([0, 0]);
});
