import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keepInformed, notifierFor, statusText, watchdogMs } from '../../lib/cli/systemd.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import { config, directoryWith, start } from './command.ts';
import { cluster, server } from './snapshots.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** The part of systemd that takes messages. */
const manager = async (path: string) => {
  const messages: string[] = [];
  const listeners = new Set<() => void>();
  const child: ChildProcess = spawn('python3', [join(import.meta.dirname, 'datagrams.py'), path]);
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) if (line !== '') messages.push(JSON.parse(line));
    for (const listener of listeners) listener();
  });
  const heard = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = messages.find((message) => pattern.test(message));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  await heard(/^bound$/);
  return { messages, heard };
};

const isPossible = has('python3') && has('systemd-notify');

describe('a service manager', () => {
  test.skipIf(!isPossible)('is told when it is ready, reloads, is alive, and stops, in this order', async () => {
    const directory = directoryWith({ 'sluice.config.json': config('one') });
    const path = join(directory, 'notify');
    const { messages, heard } = await manager(path);
    const command = start(directory, ['run'], { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' });
    expect(await heard(/READY=1/)).toMatch(/STATUS=Running: 1 of 1 server run, revision 1/);
    await heard(/WATCHDOG=1/);
    writeFileSync(join(directory, 'next'), config('two'));
    renameSync(join(directory, 'next'), join(directory, 'sluice.config.json'));
    expect(await heard(/RELOADING=1/)).toMatch(/MONOTONIC_USEC=\d+/);
    await heard(/READY=1\nSTATUS=.*revision 2/);
    command.child.kill('SIGTERM');
    await heard(/STOPPING=1/);
    expect(await command.ended).toBe(0);
    const told = messages.flatMap((message) => /^(READY|RELOADING|STOPPING)=1$/m.exec(message)?.[1] ?? []);
    expect(told).toEqual(['READY', 'RELOADING', 'READY', 'STOPPING']);
  });

  test('that cannot be told is no reason not to serve', async () => {
    const directory = directoryWith({ 'sluice.config.json': config('one') });
    const command = start(directory, ['run'], { NOTIFY_SOCKET: join(directory, 'nobody'), PATH: directory });
    await command.said(/error .*systemd-notify/);
    await command.said(/state {3}Running/);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
  });

  test('that did not ask is not told', () => {
    expect(notifierFor({}, () => {})).toBeUndefined();
  });
});

test('signs of life come twice in the time that is waited for them, when they are ours to give', () => {
  expect(watchdogMs({ WATCHDOG_USEC: '30000000' }, 7)).toBe(15_000);
  expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(15_000);
  expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7)).toBeUndefined();
  expect(watchdogMs({}, 7)).toBeUndefined();
  expect(watchdogMs({ WATCHDOG_USEC: 'x' }, 7)).toBeUndefined();
});

test('a state is told once, its text when it changes, and nothing after unsubscribing', () => {
  const sent: (readonly string[])[] = [];
  const snapshots$ = new Subject<ClusterSnapshot>();
  const notifier = { send: (...assignments: readonly string[]) => void sent.push(assignments), flush: async () => {} };
  const informing = keepInformed(notifier, snapshots$, {});
  const running = cluster([server('a'), server('b', { state: 'failed' })], { degraded: true });
  snapshots$.next(running);
  snapshots$.next({ ...running });
  snapshots$.next({ ...running, revision: { desired: 2, applied: 2 } });
  snapshots$.next({ ...running, state: 'Stopping' });
  informing.unsubscribe();
  snapshots$.next(running);
  expect(sent).toEqual([
    ['READY=1', 'STATUS=Running, degraded: 1 of 2 servers run, revision 1'],
    ['STATUS=Running, degraded: 1 of 2 servers run, revision 2'],
    ['STOPPING=1', 'STATUS=Stopping, degraded: 1 of 2 servers run, revision 1'],
  ]);
  expect(statusText(cluster([]))).toBe('Running: 0 of 0 servers run, revision 1');
});
