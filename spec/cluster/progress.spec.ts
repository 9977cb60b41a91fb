import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../lib/cluster/outcome.ts';
import { initialProgress, type Progress, progressAfter } from '../../lib/cluster/progress.ts';
import type { Verdict } from '../../lib/cluster/verdict.ts';
import { byId, spec } from './fixtures/specs.ts';

const issue = { server: 'b', path: 'listen', expected: 'x', received: 'y', message: 'no' };
const refusal = (server: string): Refusal => ({ server, cause: new Error(`${server} failed`), issues: [] });
const committed = (refused: readonly Refusal[] = []): Verdict => ({
  status: 'committed',
  plan: { changes: [], bind: [], release: [], unchanged: [] },
  refused,
});
const rolledBack: Verdict = { status: 'rolledBack', server: 'a', cause: new Error('a failed'), unrestored: [] };

const a = spec('a');
const b = spec('b');
const former: Progress = { ...initialProgress, desired: 3, applied: 3, specs: byId([a, b]) };
const nothing = byId([]);

test('at first nothing was desired and nothing applied', () => {
  expect(initialProgress).toMatchObject({ desired: 0, applied: 0, refused: [] });
  expect(initialProgress.specs.size).toBe(0);
});

test('a committed config is in force', () => {
  const specs = byId([spec('c')]);
  expect(progressAfter(former, 4, committed(), specs)).toEqual({
    desired: 4,
    applied: 4,
    specs,
    refused: [],
    error: undefined,
    issues: undefined,
  });
});

test('an unchanged config is in force as well, and clears what was wrong', () => {
  const wrong = progressAfter(former, 4, { status: 'rejected', issues: [issue] }, nothing);
  expect(progressAfter(wrong, 5, { status: 'unchanged' }, byId([a]))).toMatchObject({
    desired: 5,
    applied: 5,
    refused: [],
    error: undefined,
    issues: undefined,
  });
});

describe('a config that is not in force', () => {
  test('because it is not valid leaves the old one, and says why', () => {
    const next = progressAfter(former, 4, { status: 'rejected', issues: [issue] }, nothing);
    expect(next).toMatchObject({ desired: 4, applied: 3, error: undefined, issues: [issue] });
    expect(next.specs).toBe(former.specs);
  });

  test('because it was undone leaves the old one, and says why', () => {
    const next = progressAfter(former, 4, rolledBack, byId([a]));
    expect(next).toMatchObject({ desired: 4, applied: 3, error: { message: 'a failed' }, issues: undefined });
    expect(next.specs).toBe(former.specs);
  });

  test('because nobody looked at it is counted and nothing more', () => {
    for (const status of ['superseded', 'cancelled'] as const) {
      expect(progressAfter(former, 4, { status }, nothing)).toEqual({ ...former, desired: 4 });
    }
  });

  test('keeps naming those who stayed behind before', () => {
    const partly = progressAfter(former, 4, committed([refusal('b')]), byId([a]));
    expect(progressAfter(partly, 5, rolledBack, nothing).refused).toMatchObject([{ server: 'b' }]);
    expect(progressAfter(partly, 5, { status: 'rejected', issues: [issue] }, nothing).refused).toHaveLength(1);
  });
});

describe('servers that stayed behind', () => {
  test('keep their last version in force, so pushing that again changes nothing about them', () => {
    const next = progressAfter(former, 4, committed([refusal('b')]), byId([spec('a'), spec('b')]));
    expect(next.specs.get('b')).toBe(b);
    expect(next.specs.get('a')).not.toBe(a);
    expect(next).toMatchObject({ applied: 4, refused: [{ server: 'b' }], error: { message: 'b failed' } });
  });

  test('are not there when there is no earlier version', () => {
    const next = progressAfter(initialProgress, 1, committed([refusal('b')]), byId([a, b]));
    expect([...next.specs.keys()]).toEqual(['a']);
  });

  test('because they are not valid bring their issues', () => {
    const next = progressAfter(former, 4, committed([{ ...refusal('b'), issues: [issue] }]), byId([a]));
    expect(next.issues).toEqual([issue]);
    expect(next.specs.get('b')).toBe(b);
  });

  test('are forgotten with the next config that goes ahead whole', () => {
    const partly = progressAfter(former, 4, committed([refusal('b')]), byId([a]));
    expect(progressAfter(partly, 5, committed(), byId([a]))).toMatchObject({ refused: [], error: undefined });
  });
});

test('what it is made from is not changed', () => {
  const before = structuredClone({ ...former, specs: [...former.specs.keys()] });
  progressAfter(former, 4, committed([refusal('b')]), byId([a]));
  expect({ ...former, specs: [...former.specs.keys()] }).toEqual(before);
});
