import { type ChildProcess, spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { informantOf, notifierFor, statusText, watchdogMs } from '../../lib/cli/systemd.ts';
import { need } from '../need.ts';
import { config, directoryWith, start } from './command.ts';
import { cluster, onWorkers, server, worker } from './snapshots.ts';

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

describe('a service manager', () => {
  test('is told when it is ready, reloads, is alive, and stops, in this order', { timeout: 160_000 }, async () => {
    need('python3', 'python3-minimal');
    need('systemd-notify', 'systemd');
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

test('what happens is told in the words of a service manager, and what is no news is not', () => {
  const sent: string[] = [];
  let now = cluster([server('a'), server('b', { state: 'failed' })], { degraded: true });
  const notifier = { send: (...words: readonly string[]) => void sent.push(words.join(' ')), flush: async () => {} };
  const { tell } = informantOf(notifier, () => now, {});
  const outcome = { type: 'outcome', outcome: { revision: 1, durationMs: 1, status: 'unchanged' } } as const;
  const valid = { type: 'config', file: 'a', status: 'valid', servers: 1 } as const;
  tell(valid);
  tell(outcome);
  tell({ type: 'state', state: 'Running', degraded: true });
  tell({ type: 'log', level: 'info', message: 'x' });
  tell({ type: 'state', state: 'Running', degraded: true });
  tell(valid);
  now = cluster([server('a')], { revision: { desired: 2, applied: 2 } });
  tell(outcome);
  tell(outcome);
  tell({ type: 'config', file: 'a', status: 'invalid', problems: 1 });
  tell({ type: 'state', state: 'Stopping', degraded: false });
  tell(valid);
  expect(sent.map((words) => words.replace(/\d{6,}/, 'now'))).toEqual([
    'READY=1 STATUS=Running, degraded: 1 of 2 servers run, revision 1',
    'RELOADING=1 MONOTONIC_USEC=now',
    'READY=1 STATUS=Running: 1 of 1 server run, revision 2',
    'RELOADING=1 MONOTONIC_USEC=now',
    'READY=1',
    'STOPPING=1',
  ]);
  expect(statusText(cluster([]))).toBe('Running: 0 of 0 servers run, revision 1');
});

test('replacing workers is reloading, and its end is told when nothing else reloads any more', () => {
  const sent: string[] = [];
  const now = onWorkers([server('a')], [worker(0), worker(1, { state: 'starting' })]);
  const notifier = { send: (...words: readonly string[]) => void sent.push(words.join(' ')), flush: async () => {} };
  const { tell } = informantOf(notifier, () => now, {});
  const report = { status: 'done', replaced: [0, 1], kept: [], failed: [], forced: [], durationMs: 1 } as const;
  const begun = { type: 'worker', event: { type: 'restart-begun', at: 0, count: 2 } } as const;
  const ended = { type: 'worker', event: { type: 'restart-ended', at: 0, report } } as const;
  tell({ type: 'state', state: 'Running', degraded: false });
  tell(begun);
  tell({ type: 'config', file: 'a', status: 'valid', servers: 1 });
  tell(ended);
  tell({ type: 'outcome', outcome: { revision: 1, durationMs: 1, status: 'unchanged' } });
  tell(ended);
  expect(sent.map((words) => words.replace(/\d{6,}/, 'now'))).toEqual([
    'READY=1 STATUS=Running: 1 of 1 server run, 1 of 2 workers active, revision 1',
    'RELOADING=1 MONOTONIC_USEC=now',
    'RELOADING=1 MONOTONIC_USEC=now',
    'READY=1',
  ]);
});
