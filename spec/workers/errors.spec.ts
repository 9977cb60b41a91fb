import { expect, test } from 'vitest';
import { ReadyTimeoutError, WorkersFailedError } from '../../lib/workers/errors.ts';

test('what keeps all workers from starting says what to do about it, when the first of them says so', () => {
  const late = new ReadyTimeoutError(17, 300);
  const failed = new WorkersFailedError(2, 'start', late);
  expect(failed.message).toBe(`no worker could be started: ${late.message}`);
  expect(failed.message).toContain('context.ready()');
  expect(failed.hint).toBe(late.hint);
  expect(new WorkersFailedError(2, 'later', new Error('x')).hint).toContain('see the cause');
});
