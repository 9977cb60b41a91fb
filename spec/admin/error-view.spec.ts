import { expect, test } from 'vitest';
import { causesOf, errorView, tracedError } from '../../lib/admin/error-view.ts';
import { AppError } from '../../lib/server/errors.ts';

const hinted = (message: string) => Object.assign(new Error(message), { code: 'ERR_INNER', hint: 'mend it' });

test('an error with a hint of its own speaks for itself', () => {
  const error = Object.assign(hinted('outer'), { cause: new Error('inner') });
  expect(tracedError(error)).toEqual({ code: 'ERR_INNER', message: 'outer', hint: 'mend it', frames: [] });
});

test('one without is told with what it came from, and with the first hint on the way', () => {
  const cause = new Error('the module threw', { cause: hinted('boom\u001b[31m') });
  expect(errorView(new AppError('web', { cause }))).toEqual({
    code: 'ERR_APP',
    message: 'the app of server web cannot be built: the module threw: boom\\u{1b}[31m',
    hint: 'mend it',
  });
});

test('what an error has said in its own words is not said again', () => {
  const error = new Error('cannot bind :80: EACCES', { cause: new Error('EACCES') });
  expect(errorView(error).message).toBe('cannot bind :80: EACCES');
});

test('of what nobody foresaw the innermost frames are shown', () => {
  const inner = new Error('inner');
  inner.stack = 'Error: inner\n    at deep (/app/inner.ts:1:2)';
  const error = new Error('outer', { cause: inner });
  expect(tracedError(error)).toMatchObject({ message: 'outer: inner', frames: ['at deep (/app/inner.ts:1)'] });
  expect(tracedError('text')).toMatchObject({ code: 'ERR_UNEXPECTED', message: 'text', frames: [] });
});

test('a circle of causes, and a text without end, come to an end', () => {
  const error = new Error('x'.repeat(100_000));
  error.cause = error;
  expect(causesOf(error).length).toBeLessThan(10);
  expect(errorView(error).message.length).toBeLessThanOrEqual(500);
});
