import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterLook, afterRestart, type Healing, initialHealing, type Remedy } from '../../lib/cluster/healing.ts';

const settings = { fallToWarn: 1, fallToDown: 2 };
const restart = { intensity: 2, periodMs: 1_000, initialMs: 100, maxMs: 400 };
const rules = { settings, restart };

/** `x` a failure of a server that is down, `.` a success that leaves it down, `o` one after which it is not. */
const LOOKS = {
  x: { status: 'down', succeeded: false },
  '.': { status: 'down', succeeded: true },
  o: { status: 'warn', succeeded: true },
  w: { status: 'warn', succeeded: false },
} as const;

type Sign = keyof typeof LOOKS;

/** What is done at each check of `signs`, one every 10 ms from 0 on; `!` stands for a restart that was made. */
const remedies = (signs: string, from: Healing = initialHealing): readonly string[] => {
  let healing = from;
  return [...signs].map((sign, index): string => {
    if (sign === '!') {
      healing = afterRestart(healing);
      return '!';
    }
    const step = afterLook(healing, LOOKS[sign as Sign], index * 10, rules);
    healing = step.healing;
    return step.remedy.type === 'restart' ? `restart ${step.remedy.delayMs}` : step.remedy.type;
  });
};

describe('a server that is down', () => {
  test('is restarted after as many failures in a row as lead from ok to down', () => {
    expect(remedies('wwx')).toEqual(['none', 'none', 'restart 100']);
  });

  test('is not restarted because it began down: it has as many tries', () => {
    expect(remedies('xx')).toEqual(['none', 'none']);
    expect(remedies('xx.xx')).toEqual(['none', 'none', 'none', 'none', 'none']);
  });

  test('is waited for once, however often it fails meanwhile', () => {
    expect(remedies('xxxxxx').slice(2)).toEqual(['restart 100', 'none', 'none', 'none']);
  });

  test('is not restarted when it answers before its wait is over', () => {
    expect(remedies('xxx.')).toEqual(['none', 'none', 'restart 100', 'call-off']);
    expect(remedies('xxxo')).toEqual(['none', 'none', 'restart 100', 'call-off']);
  });

  test('waits longer for the next restart, and is given up when it was restarted as often as it may be', () => {
    expect(remedies('xxx!xxx!xxx').filter((remedy) => remedy !== 'none')).toEqual([
      'restart 100',
      '!',
      'restart 200',
      '!',
      'give-up',
    ]);
  });

  test('that was given up is left alone, and that is said once', () => {
    expect(remedies('xxx!xxx!xxxxxxxxx..xxx').filter((remedy) => remedy === 'give-up')).toHaveLength(1);
  });

  test('that was given up and got well is restarted again once its restarts are long ago', () => {
    let healing = [...'xxx!xxx!xxxo'].reduce<Healing>(
      (state, sign, index) =>
        sign === '!' ? afterRestart(state) : afterLook(state, LOOKS[sign as Sign], index * 10, rules).healing,
      initialHealing,
    );
    expect(healing.phase).toBe('watching');
    const remedy = (atMs: number): Remedy => {
      const step = afterLook(healing, LOOKS.x, atMs, rules);
      healing = step.healing;
      return step.remedy;
    };
    expect([2_000, 2_010, 2_020].map((atMs) => remedy(atMs).type)).toEqual(['none', 'none', 'restart']);
  });
});

test('with intensity 0 it is given up at once', () => {
  const step = [1, 2, 3].reduce(
    ({ healing }, at) => afterLook(healing, LOOKS.x, at, { settings, restart: { ...restart, intensity: 0 } }),
    { healing: initialHealing, remedy: { type: 'none' } as Remedy },
  );
  expect(step.remedy).toEqual({ type: 'give-up' });
});

test('whatever happens, no more restarts are asked for within a period than are allowed, and none for who answers', () => {
  const signs = fc.array(fc.constantFrom('x', 'x', 'x', '.', 'o', 'w', '!'), { maxLength: 200 });
  fc.assert(
    fc.property(signs, fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 200, maxLength: 200 }), (list, gaps) => {
      let healing = initialHealing;
      let now = 0;
      let row = 0;
      const asked: number[] = [];
      list.forEach((sign, index) => {
        now += gaps[index] ?? 0;
        if (sign === '!') {
          // Only what was asked for is made.
          if (healing.phase === 'waiting') {
            healing = afterRestart(healing);
            row = 0;
          }
          return;
        }
        const look = LOOKS[sign as Sign];
        row = look.succeeded ? 0 : row + 1;
        const step = afterLook(healing, look, now, rules);
        healing = step.healing;
        if (step.remedy.type !== 'restart') return;
        asked.push(now);
        expect(look).toEqual(LOOKS.x);
        expect(row).toBeGreaterThanOrEqual(3);
        expect(asked.filter((at) => now - at <= restart.periodMs).length).toBeLessThanOrEqual(restart.intensity);
        expect(step.remedy.delayMs).toBeLessThanOrEqual(restart.maxMs);
      });
    }),
  );
});
