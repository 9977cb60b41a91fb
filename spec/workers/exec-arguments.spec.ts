import { expect, test } from 'vitest';
import { workerExecArgv } from '../../lib/workers/exec-arguments.ts';

test.each([
  [['--inspect'], []],
  [
    ['--inspect=0.0.0.0:9229', '--import', 'tsx'],
    ['--import', 'tsx'],
  ],
  [['--inspect-brk', '--max-old-space-size=64'], ['--max-old-space-size=64']],
  [['--inspect-port', '9300', '--enable-source-maps'], ['--enable-source-maps']],
  [['--debug-port=1'], []],
  [['-e', 'console.log(1)', '--no-warnings'], ['--no-warnings']],
  [['--eval=1'], []],
  [['--input-type', 'module', '-p', '1'], []],
  [
    ['--watch', '--watch-path=lib', '-r', './setup.cjs'],
    ['-r', './setup.cjs'],
  ],
  [['--test'], []],
  [
    ['--inspector-like', '--expose-gc'],
    ['--inspector-like', '--expose-gc'],
  ],
])('of %j workers have %j', (given, kept) => {
  expect(workerExecArgv(given)).toEqual(kept);
});
