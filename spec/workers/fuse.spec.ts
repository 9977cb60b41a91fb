import { expect, test } from 'vitest';
import { Fuse } from '../../lib/workers/fuse.ts';
import type { News } from '../../lib/workers/news.ts';
import { virtualTime } from './fake-process.ts';

const fused = () => {
  const clock = virtualTime();
  const told: News[] = [];
  const fuse = new Fuse({ clock, tell: (news) => told.push(news), maxIntensity: 2, intensityPeriodMs: 1_000 });
  return { clock, told, fuse };
};

test('whoever waits may go at once until more fail than may, and then when the period is over', () => {
  const { clock, told, fuse } = fused();
  const calls: string[] = [];
  for (let failure = 1; failure <= 2; failure += 1) fuse.blow();
  fuse.clear$.subscribe(() => calls.push('before'));
  fuse.blow();
  fuse.clear$.subscribe({ next: () => calls.push('waited'), complete: () => calls.push('complete') });
  fuse.clear$.subscribe(() => calls.push('left')).unsubscribe();
  clock.pass(999);
  expect(calls).toEqual(['before']);
  clock.pass(1);
  expect(calls).toEqual(['before', 'waited', 'complete']);
  expect(told).toEqual([
    { type: 'breaker', open: true, crashes: 3 },
    { type: 'breaker', open: false, crashes: 3 },
  ]);
});

test('stopped it calls nobody, and no timer is left', () => {
  const { clock, fuse } = fused();
  for (let failure = 1; failure <= 3; failure += 1) fuse.blow();
  let calls = 0;
  fuse.clear$.subscribe(() => {
    calls += 1;
  });
  fuse.stop();
  expect(clock.waiting).toBe(0);
  clock.pass(2_000);
  expect(calls).toBe(0);
});
