import { describe, expect, test } from 'vitest';
import { initialProgress } from '../../lib/cluster/progress.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import { takeSnapshot } from '../../lib/cluster/snapshot.ts';
import { Turns } from '../../lib/cluster/turns.ts';
import { marbles } from '../reactive/marbles.ts';

/** Turns whose snapshots tell when they were taken, and how many that were. */
const turning = (size = 1) => {
  const state = { taken: 0 };
  const take = () => {
    state.taken += 1;
    const source = { state: 'Running', source: 'open', sourceError: undefined } as const;
    return takeSnapshot({ ...source, progress: initialProgress, members: new Map(), leaving: [] }, 0);
  };
  const turns = new Turns({ take, size: () => size });
  return { turns, state };
};

describe('what changes', () => {
  test('is shown once per turn, and taken down once for everybody', async () => {
    const { turns, state } = turning();
    const seen: number[] = [0, 0];
    for (const reader of [0, 1]) {
      turns.cluster$.subscribe(() => {
        seen[reader] = (seen[reader] ?? 0) + 1;
      });
    }
    await Promise.resolve();
    state.taken = 0;
    for (let n = 0; n < 5; n += 1) turns.touch();
    await Promise.resolve();
    expect(seen).toEqual([2, 2]);
    expect(state.taken).toBe(1);
  });

  test('a thousand times a second is shown at once the first time, then every tenth of a second', () => {
    const scheduler = marbles();
    const times: number[] = [];
    scheduler.run(({ cold, flush }) => {
      const { turns } = turning();
      turns.cluster$.subscribe(() => times.push(scheduler.now()));
      // Every 10 ms, for a quarter of a second.
      cold('a 9ms '.repeat(25)).subscribe(() => turns.touchSoon());
      flush();
      turns.complete();
    });
    // The present one first.
    expect(times).toEqual([0, 0, 100, 200, 300]);
  });
});

describe('what servers do', () => {
  /** When snapshots are shown while a server changes in every millisecond of 25, and who is told what after 5 ms. */
  const times = (size: number, also?: (turns: Turns<ClusterSnapshot>) => void): readonly number[] => {
    const scheduler = marbles();
    const shown: number[] = [];
    scheduler.run(({ cold, flush }) => {
      const { turns } = turning(size);
      turns.cluster$.subscribe(() => shown.push(scheduler.now()));
      cold('a'.repeat(25)).subscribe(() => turns.touchServer());
      cold('5ms a').subscribe(() => also?.(turns));
      flush();
      turns.complete();
    });
    // The present one first.
    return shown.slice(1);
  };

  test('is shown in every turn of a cluster of up to a hundred', () => {
    expect(times(100)).toEqual(Array.from({ length: 25 }, (_, turn) => turn));
  });

  test('is shown at once in a larger one, then every 10 µs for each server, and at the end as it is then', () => {
    expect(times(1_000)).toEqual([0, 10, 20, 30]);
    expect(times(2_000)).toEqual([0, 20, 40]);
  });

  test('is shown together with what the cluster does, at once', () => {
    expect(times(1_000, (turns) => turns.touch())).toEqual([0, 5, 10, 20, 30]);
  });
});

test('a change that is put off is in the snapshot of whoever looks before', () => {
  const { turns, state } = turning();
  turns.touchSoon();
  const before = turns.snapshot;
  expect(turns.snapshot).toBe(before);
  turns.touchSoon();
  expect(turns.snapshot).not.toBe(before);
  expect(state.taken).toBe(2);
  turns.complete();
});

test('when it is over nothing is shown any more, and no timer is left', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const { turns } = turning(1_000);
  let completed = false;
  turns.cluster$.subscribe({
    complete: () => {
      completed = true;
    },
  });
  for (let n = 0; n < 2; n += 1) {
    turns.touchSoon();
    turns.touchServer();
  }
  expect(timers()).toBeGreaterThan(before);
  turns.complete();
  expect(timers()).toBe(before);
  await Promise.resolve();
  expect(completed).toBe(true);
});
