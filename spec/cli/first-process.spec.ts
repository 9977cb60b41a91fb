import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { config, directoryWith, start } from './command.ts';

// Without handlers the kernel keeps signals from the first process of a container.
test.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])('as process 1, %s, it is stopped by SIGTERM, and ends with 0', { timeout: 60_000 }, async (_, args) => {
  const probe = spawnSync('unshare', ['--pid', '--fork', '--kill-child', 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) throw new Error('this test needs a process namespace: run as root, with CAP_SYS_ADMIN');
  const directory = directoryWith({ 'sluice.config.json': config('one') });
  const command = start(directory, ['run', ...args], {}, [
    'unshare',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ]);
  await command.said(/state {3}Running/);
  const [pid] = spawnSync('ps', ['--ppid', `${command.child.pid}`, '-o', 'pid='], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  process.kill(Number(pid), 'SIGTERM');
  await command.said(/stopped nothing was cut/);
  expect(await command.ended).toBe(0);
});
