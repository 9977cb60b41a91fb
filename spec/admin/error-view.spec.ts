import { expect, test } from 'vitest';
import { causesOf, errorView, tracedError, wholeErrorView } from '../../lib/admin/error-view.ts';
import { OptionsError } from '../../lib/config/errors.ts';
import { workerCount } from '../../lib/cpus/worker-count.ts';
import { AppError } from '../../lib/server/errors.ts';
import { WorkerCommitError } from '../../lib/worker-cluster/errors.ts';
import { WorkersStateError } from '../../lib/workers/errors.ts';

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

test('what options, workers and commits refuse was foreseen, and has no frames', () => {
  const wrongCount = (): Error => {
    try {
      return new Error(`${workerCount('auto', { WEB_CONCURRENCY: 'x' })} workers`);
    } catch (error) {
      return error instanceof Error ? error : new Error('no error');
    }
  };
  const hints = [
    new OptionsError('count', 'a number'),
    wrongCount(),
    new WorkersStateError('workers are not restarted', 'another one is under way', 'ask again when it is done'),
    new WorkerCommitError({ slot: 0, pid: 7 }, new Error('it failed', { cause: hinted('boom') })),
  ].map((error) => [tracedError(error).hint, tracedError(error).frames]);
  expect(hints).toEqual([
    ['expected a number', []],
    ['set the variable of the environment to a number, or unset it', []],
    ['ask again when it is done', []],
    ['mend it', []],
  ]);
});

test('told whole, it goes down to the last cause, with the first hint on the way', () => {
  const error = new Error('no restart', { cause: Object.assign(hinted('not ready'), { cause: new Error('boom') }) });
  expect(wholeErrorView(error)).toEqual({
    code: 'ERR_UNEXPECTED',
    message: 'no restart: not ready: boom',
    hint: 'mend it',
  });
  expect(errorView(error).message).toBe('no restart: not ready');
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
