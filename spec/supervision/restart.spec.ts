import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideRestart } from '../../lib/supervision/restart.ts';

const policy = { intensity: 5, periodMs: 60_000, initialMs: 100, maxMs: 30_000 };

/** Feeds crashes one after another, each deciding on what the one before it remembered. */
const crashAt = (times: readonly number[], restart = policy) => {
  let crashes: readonly number[] = [];
  return times.map((atMs) => {
    const decision = decideRestart(crashes, atMs, restart);
    crashes = decision.crashes;
    return decision;
  });
};

test('five crashes within a minute wait longer each time, the sixth gives up', () => {
  const decisions = crashAt([0, 1000, 2000, 3000, 4000, 5000]);
  expect(decisions.map((decision) => (decision.type === 'restart' ? decision.delayMs : decision.type))).toEqual([
    100,
    200,
    400,
    800,
    1600,
    'give-up',
  ]);
  expect(decisions.at(-1)?.crashes).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
});

test('a crash after a quiet period is the first again', () => {
  const [, , , , fifth, later] = crashAt([0, 1, 2, 3, 4, 60_005]);
  expect(fifth).toMatchObject({ type: 'restart', delayMs: 1600 });
  expect(later).toEqual({ type: 'restart', delayMs: 100, crashes: [60_005] });
});

test('the window slides: what is older than the period does not count, what is just as old does', () => {
  const two = { ...policy, intensity: 2, periodMs: 100 };
  expect(crashAt([0, 50, 100], two).at(-1)?.type).toBe('give-up');
  expect(crashAt([0, 50, 101], two).at(-1)).toEqual({ type: 'restart', delayMs: 200, crashes: [50, 101] });
});

test('an intensity of 0 gives up at once', () => {
  expect(decideRestart([], 7, { ...policy, intensity: 0 })).toEqual({ type: 'give-up', crashes: [7] });
});

test('jitter spreads the wait between half and the whole', () => {
  expect(decideRestart([], 0, policy, () => 0)).toMatchObject({ delayMs: 50 });
});

test('it gives up exactly when more than intensity crashes lie within one period', () => {
  const gaps = fc.array(fc.nat(100), { maxLength: 40 });
  fc.assert(
    fc.property(gaps, fc.nat(6), fc.nat(300), (steps, intensity, periodMs) => {
      const times = steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, gap) => sum + gap, 0));
      const decisions = crashAt(times, { ...policy, intensity, periodMs });
      decisions.forEach((decision, index) => {
        const now = times[index] ?? 0;
        const inWindow = times.slice(0, index + 1).filter((atMs) => now - atMs <= periodMs);
        expect(decision.crashes).toEqual(inWindow);
        expect(decision.type).toBe(inWindow.length > intensity ? 'give-up' : 'restart');
      });
    }),
  );
});

test('what is passed in is left as it was', () => {
  const crashes = Object.freeze([1, 2]);
  decideRestart(crashes, 3, policy);
  expect(crashes).toEqual([1, 2]);
});
