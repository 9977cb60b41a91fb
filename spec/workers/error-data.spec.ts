import { expect, test } from 'vitest';
import { BindError } from '../../lib/listener/errors.ts';
import { fromErrorData, toErrorData } from '../../lib/workers/error-data.ts';

test('an error of ours arrives with its name, message, code, hint, stack and causes', () => {
  const system = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  const error = new BindError('127.0.0.1:80', { cause: system });
  const sent: unknown = JSON.parse(JSON.stringify(toErrorData(error)));
  expect(sent).toEqual(toErrorData(error));
  const arrived = fromErrorData(toErrorData(error));
  expect(arrived).toBeInstanceOf(Error);
  expect(arrived).toMatchObject({ message: error.message, code: 'ERR_BIND', hint: error.hint, stack: error.stack });
  expect(arrived.name).toBe('BindError');
  expect(arrived.cause).toMatchObject({ message: 'listen EADDRINUSE', code: 'EADDRINUSE' });
  expect(String(arrived)).toBe(String(error));
});

test('an error without more than a message arrives with no more', () => {
  const arrived = fromErrorData({ name: 'Error', message: 'no' });
  expect(Object.keys(arrived)).toEqual([]);
  expect('cause' in arrived).toBe(false);
  expect(arrived.stack).toBe('Error: no');
});

test.each([
  ['a text', 'no', 'no'],
  ['nothing', undefined, 'undefined'],
  ['an object without a prototype', Object.create(null), 'something that cannot be told as text was thrown'],
])('%s that was thrown becomes an error', (_what, thrown, message) => {
  expect(toErrorData(thrown)).toEqual({ name: 'Error', message });
});

test('fields that throw, or are no texts, do not travel', () => {
  const error = Object.assign(new Error('no'), { code: 7 });
  Object.defineProperty(error, 'hint', {
    get() {
      throw new Error('nor this');
    },
  });
  expect(Object.keys(toErrorData(error))).toEqual(['name', 'message', 'stack']);
});

test('a cause that is its own cause ends somewhere', () => {
  const error = new Error('round');
  error.cause = error;
  expect(JSON.stringify(toErrorData(error)).match(/"message"/g)?.length).toBe(9);
});
