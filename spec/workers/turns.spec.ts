import { expect, test } from 'vitest';
import type { WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import { Turns } from '../../lib/workers/turns.ts';
import { virtualTime } from './fake-process.ts';
import { turn } from './fleet.ts';

const turning = () => {
  const clock = virtualTime();
  let built = 0;
  const turns = new Turns((): WorkersSnapshot => {
    built += 1;
    return { state: 'Running', count: built, active: 0, restarting: false, workers: [], spares: 0 };
  }, clock.scheduler);
  const shown: (number | 'complete')[] = [];
  return { clock, turns, shown, built: () => built };
};

test('everybody is shown the present, and one snapshot for each turn in which something changed', async () => {
  const { turns, shown, built } = turning();
  turns.workers$.subscribe({ next: ({ count }) => shown.push(count), complete: () => shown.push('complete') });
  turns.workers$.subscribe(({ count }) => shown.push(count));
  expect(shown).toEqual([1, 1]);
  for (let change = 0; change < 5; change += 1) turns.touch(false);
  await turn();
  expect(shown).toEqual([1, 1, 2, 2]);
  turns.complete();
  expect(shown.at(-1)).toBe('complete');
  expect(built()).toBe(2);
});

test('nothing is built while nobody looks', async () => {
  const { turns, built } = turning();
  turns.touch(false);
  await turn();
  expect(built()).toBe(0);
});

test('what is slight is shown at once the first time, then together, and holds no timer after the end', async () => {
  const { clock, turns, shown } = turning();
  turns.workers$.subscribe(({ count }) => shown.push(count));
  for (let change = 0; change < 5; change += 1) {
    turns.touch(true);
    await turn();
  }
  expect(shown).toHaveLength(2);
  clock.pass(250);
  await turn();
  expect(shown).toHaveLength(3);
  turns.touch(true);
  turns.complete();
  expect(clock.waiting).toBe(0);
});
