import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { availableCpus, cpuCounts, physicalCpus } from '../../lib/cpus/cpus.ts';
import { need } from '../need.ts';

test('there is at least one core, and there are at least as many CPUs', () => {
  expect(physicalCpus()).toBeGreaterThanOrEqual(1);
  expect(availableCpus()).toBeGreaterThanOrEqual(physicalCpus());
  expect(availableCpus()).toBeLessThanOrEqual(availableParallelism());
  expect(cpuCounts()).toEqual({ available: availableCpus(), physical: physicalCpus() });
  expect(availableCpus({ rounding: 'ceil' })).toBeGreaterThanOrEqual(availableCpus());
});

test('a process that is kept on one CPU has one, and one core', () => {
  need('taskset', 'util-linux');
  const program = fileURLToPath(new URL('fixtures/counting.ts', import.meta.url));
  // The first CPU this process may use itself: 0, unless it is kept away from it.
  const [, cpu = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const command = [process.execPath, '--import', 'jiti/register', program];
  const said = execFileSync('taskset', ['-c', cpu, ...command], { encoding: 'utf8' });
  expect(said.trim()).toBe('1 CPU, 1 core');
});
