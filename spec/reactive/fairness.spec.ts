import { EMPTY, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { Fairness, fairly } from '../../lib/reactive/fairness.ts';

/** Keeps the event loop waiting. */
const busy = (): void => {
  const end = performance.now() + 11;
  while (performance.now() < end);
};

test('work that follows work at once need not wait for the event loop', () => {
  const fairness = new Fairness();
  expect(fairness.overdue()).toBeUndefined();
  expect(fairness.overdue()).toBeUndefined();
});

test('after ten milliseconds without a turn of the loop it does, once for all that come meanwhile', async () => {
  const fairness = new Fairness();
  fairness.overdue();
  busy();
  const turned = fairness.overdue();
  expect(turned).toBeInstanceOf(Promise);
  expect(fairness.overdue()).toBe(turned);
  await turned;
  expect(fairness.overdue()).toBeUndefined();
});

test('work begins when the code of this turn is done, or a turn of the loop later when that is overdue', async () => {
  const fairness = new Fairness();
  const log: string[] = [];
  fairly(fairness, of('soon')).subscribe((text) => log.push(text));
  log.push('now');
  await Promise.resolve();
  expect(log).toEqual(['now', 'soon']);
  setTimeout(() => log.push('others'));
  busy();
  const done$ = new Subject<void>();
  fairly(fairness, of('late')).subscribe({ next: (text) => log.push(text), complete: () => done$.complete() });
  await new Promise<void>((resolve) => done$.subscribe({ complete: resolve }));
  expect(log.slice(2)).toEqual(['others', 'late']);
});

test('work that nobody waits for any more does not begin', async () => {
  const fairness = new Fairness();
  let begun = 0;
  const work$ = new Subject<void>();
  const counted = (): void => {
    begun += work$.observed ? 1 : 0;
  };
  fairly(fairness, work$).subscribe().unsubscribe();
  busy();
  fairly(fairness, work$).subscribe().unsubscribe();
  fairly(fairness, EMPTY).subscribe({ complete: counted });
  await new Promise((resolve) => setImmediate(resolve));
  counted();
  expect(begun).toBe(0);
});
