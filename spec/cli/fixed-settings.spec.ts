import { describe, expect, test } from 'vitest';
import { keptAsTheyWere, workersFor } from '../../lib/cli/fixed-settings.ts';

describe('how many workers serve', () => {
  test('is what the command line says, then the file', () => {
    expect(workersFor({}, undefined)).toBeUndefined();
    expect(workersFor({}, 2)).toEqual({ count: 2 });
    expect(workersFor({ workers: 3 }, undefined)).toEqual({ count: 3 });
    expect(workersFor({ workers: { spares: 1 } }, undefined)).toEqual({ spares: 1 });
    expect(workersFor({ workers: { count: 3, spares: 1 } }, 'auto')).toEqual({ count: 'auto', spares: 1 });
  });
});

describe('what a later configuration says in vain', () => {
  test.each([
    [{}, {}, []],
    [{ commit: 'atomic' }, { commit: 'independent' }, ['commit stays atomic until the next start']],
    [{ workers: 2 }, { workers: 4 }, []],
    [{ workers: 2 }, { workers: { count: 4 } }, []],
    [{}, { workers: 2 }, ['workers serve from the next start on: it is one process now']],
    [{ workers: 2 }, {}, ['workers stay until the next start']],
    [
      { workers: 2 },
      { workers: { count: 2, spares: 1 } },
      ['settings of workers stay as they were until the next start, but for count'],
    ],
  ] as const)('%j then %j', (first, now, told) => {
    expect(keptAsTheyWere(first, now)).toEqual(told);
  });
});
