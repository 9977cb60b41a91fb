import { expect, test } from 'vitest';
import { framesOf } from '../../lib/admin/stack.ts';

test('frames of Node and columns are left out, and four are enough', () => {
  const stack = `Error: at first
    at handler (/app/sluice.config.ts:7:31)
    at async file:///app/routes.mjs:3:5
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at Array.map (<anonymous>)
    at a (/app/a.js:1:1)
    at b (/app/b.js:1:1)`;
  expect(framesOf(stack)).toEqual([
    'at handler (/app/sluice.config.ts:7)',
    'at async file:///app/routes.mjs:3',
    'at Array.map (<anonymous>)',
    'at a (/app/a.js:1)',
  ]);
  expect(framesOf('')).toEqual([]);
});
