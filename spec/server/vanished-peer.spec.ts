import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, 'fixtures', 'vanishing.ts');

/** Whether this process may make a network of its own, with a loopback interface that can be taken away. */
const canIsolate = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

test.skipIf(!canIsolate)(
  'clients whose network is gone are given up: idle ones, WebSockets after two heartbeats, event streams at their age',
  { timeout: 40_000 },
  () => {
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
  },
);
