import { expect, test } from 'vitest';
import { CrashLoopError, inWords, RunnableError } from '../../lib/supervision/errors.ts';

test('an error of somebody else is logged as it is, one of ours in words, down to its first cause', () => {
  const theirs = new TypeError('boom', { cause: new Error('deep') });
  expect(inWords(theirs)).toBe(theirs);
  expect(inWords('a text')).toBe('a text');
  const ours = new RunnableError('mail', 'end', { cause: theirs });
  expect(inWords(ours)).toBe(`${ours.message}: boom: deep`);
  expect(inWords(new RunnableError('mail', 'end'))).toBe(ours.message);
});

test('a crash loop is told without a line of this library', () => {
  const loop = new CrashLoopError('services', 'mail', 3, 1_000, { cause: new Error('boom') });
  expect(inWords(loop)).toMatch(/^mail of services crashed 3 times within 1000 ms.*boom$/);
});
