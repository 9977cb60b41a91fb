import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createWorkers } from '../../lib/workers/create-workers.ts';
import { assertModule } from '../../lib/workers/option-checks.ts';

test('a script that is not there is refused before anything is started, with the path it was looked for at', () => {
  const script = join(import.meta.dirname, 'no-such-script.mjs');
  expect(() => createWorkers({ script, port: 0 })).toThrow(
    expect.objectContaining({ code: 'ERR_OPTIONS', option: 'script', message: expect.stringContaining(script) }),
  );
});

test('a module is found by the names that Node finds it by', () => {
  const root = join(import.meta.dirname, '../..');
  expect(() => assertModule('script', import.meta.filename)).not.toThrow();
  expect(() => assertModule('script', join(root, 'package'))).not.toThrow();
  expect(() => assertModule('script', join(root, 'packages'))).toThrow('there is none at');
});
