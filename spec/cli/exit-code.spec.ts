import { expect, test } from 'vitest';
import { exitCodeOfCause } from '../../lib/cli/exit-code.ts';
import { BindTimeoutError, BuildTimeoutError } from '../../lib/cluster/errors.ts';
import { ModuleTimeoutError } from '../../lib/module/errors.ts';
import { AppError } from '../../lib/server/errors.ts';

test.each([
  [new BindTimeoutError('nowhere:80', 1), 5],
  [new BuildTimeoutError('web', 1), 5],
  [new AppError('web', { cause: new ModuleTimeoutError('a.mjs', 1) }), 5],
  [new AppError('web', { cause: new Error('broken') }), 4],
  [undefined, 4],
])('a configuration that was undone because of %o ends with %d', (cause, exitCode) => {
  expect(exitCodeOfCause(cause)).toBe(exitCode);
});
