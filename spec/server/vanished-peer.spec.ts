import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { need } from '../need.ts';

const program = join(import.meta.dirname, 'fixtures', 'vanishing.ts');

/** A network of its own, with a loopback interface that can be taken away. */
const needNetwork = (): void => {
  need('ip', 'iproute2');
  const { status, stderr } = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`this test needs a network of its own, as root or with CAP_SYS_ADMIN: ${stderr}`);
};

test('clients whose network is gone are given up: idle ones, WebSockets after two heartbeats, event streams at their age', {
  timeout: 160_000,
}, () => {
  needNetwork();
  const { stdout, stderr } = spawnSync('unshare', ['--net', process.execPath, '--import', 'jiti/register', program], {
    encoding: 'utf8',
    timeout: 35_000,
  });
  expect(stderr).toBe('');
  const { idle, events, sockets }: Readonly<Record<string, number>> = JSON.parse(stdout);
  // A second later than it was told: that is how Node does it.
  expect(idle).toBeLessThan(3_500);
  expect(sockets).toBeLessThan(2_000);
  // Ended at its age, and let go as soon as the kernel has taken what was written.
  expect(events).toBeLessThan(10_000);
});
