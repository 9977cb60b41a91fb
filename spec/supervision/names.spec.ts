import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uniqueNames } from '../../lib/supervision/names.ts';

test('what has no name is counted, what shares a name is numbered', () => {
  const names = uniqueNames([{ name: 'web' }, {}, { name: 'web' }, { name: '' }, { name: 'web-2' }, { name: 'web' }]);
  expect(names).toEqual(['web', 'runnable-2', 'web-2', 'runnable-4', 'web-2-2', 'web-3']);
});

test('no two are ever named alike', () => {
  const item = fc.oneof(
    fc.constant({}),
    fc.record({ name: fc.constantFrom('a', 'a-2', 'a-3', 'runnable-1', 'runnable-2') }),
  );
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const names = uniqueNames(items);
      expect(new Set(names).size).toBe(items.length);
    }),
  );
});
