import { expect, test } from 'vitest';
import { readArguments } from '../../lib/cli/arguments.ts';
import { readCount, readWorkerOrder } from '../../lib/cli/worker-order.ts';

test.each([
  [[], { type: 'list' }],
  [['restart'], { type: 'restart' }],
  [['scale', '4'], { type: 'scale', count: 4 }],
  [['scale', 'auto'], { type: 'scale', count: 'auto' }],
  [['enable', '0'], { type: 'enable', slot: 0 }],
])('sluice workers %j is understood', (words, order) => {
  expect(readWorkerOrder(words)).toEqual(order);
  expect(readArguments(['workers', ...words])).toMatchObject({ type: 'order' });
});

test.each([
  [['restrat'], 'workers cannot "restrat"', 'did you mean restart?'],
  [['list'], 'workers cannot "list"', 'known are restart, scale, enable'],
  [['restart', '1'], 'restart takes no operand such as "1"', 'all workers are replaced, one by one'],
  [['scale'], 'scale to how many?', 'write a number from 1 to 4096, auto or physical'],
  [['scale', '0'], 'scale to how many? not "0"', 'write a number from 1 to 4096, auto or physical'],
  [['enable', 'web'], 'enable which worker? not "web"', 'write its number, which sluice workers shows'],
  [['scale', '2', '3'], 'too many words: "3"', 'leave it out'],
])('sluice workers %j is misuse', (words, message, hint) => {
  expect(readArguments(['workers', ...words])).toEqual({ type: 'misuse', command: 'workers', message, hint });
});

test('how many is a number, or as many as there are', () => {
  expect(['1', '4096', 'auto', 'physical'].map(readCount)).toEqual([1, 4_096, 'auto', 'physical']);
  expect(['', '0', '-1', '1.5', '4097', '99999', 'all'].map(readCount)).toEqual(Array(7).fill(undefined));
  expect(readArguments(['run', '--workers', 'two'])).toMatchObject({
    type: 'misuse',
    message: '--workers cannot be "two"',
    hint: 'write a number from 1 to 4096, auto or physical',
  });
  expect(readArguments(['run', '--workers=2'])).toMatchObject({
    type: 'order',
    order: { values: new Map([['workers', '2']]) },
  });
});
