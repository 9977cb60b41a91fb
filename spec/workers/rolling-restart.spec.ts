import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAlive } from './program.ts';
import { ask, clients, freePort, numbersOf, runningWorkers, saidOf, script } from './supervised.ts';

test('SIGUSR2 replaces every process, in the order of the slots', async () => {
  const port = await freePort();
  const program = await runningWorkers({ script: script('http-worker.mjs'), port, count: 3 });
  const before = numbersOf(saidOf(program, 'active'), 'pid');
  program.signal('SIGUSR2');
  const report = await program.hear('restart-ended');
  expect(report).toMatchObject({ status: 'done', replaced: [0, 1, 2], kept: [], failed: [], forced: [] });
  expect(numbersOf(saidOf(program, 'draining'), 'slot')).toEqual([0, 1, 2]);
  expect(before.filter(isAlive)).toEqual([]);
  program.tell({ command: 'snapshot' });
  expect(await program.hear('did')).toMatchObject({ snapshot: { state: 'Running', active: 3, restarting: false } });
  expect(before).not.toContain(Number(await ask(port)));
});

/** Restarts in a row, while 16 clients ask on a connection for each request. */

test.each([
  [10, 'a server of Node', 'shared', 'http-worker.mjs', []],
  [10, 'a server of Node', 'round-robin', 'http-worker.mjs', []],
  [10, 'a server that the context is told nothing of', 'round-robin', 'http-worker.mjs', ['--plain']],
  [5, 'a cluster', 'shared', 'cluster-worker.mjs', []],
  [5, 'a cluster', 'round-robin', 'cluster-worker.mjs', []],
] as const)(
  'nobody is refused or cut in %i restarts of %s, %s',
  {
    timeout: 60_000,
  },
  async (rounds, _, sharing, name, args) => {
    const port = await freePort();
    const program = await runningWorkers({ script: script(name), args: [...args], port, count: 2, sharing });
    const load = clients(port, 16);
    for (let round = 1; round <= rounds; round += 1) {
      program.tell({ command: 'restart' });
      await program.hearAll('restart-ended', round);
    }
    const { answered, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    const reports = saidOf(program, 'restart-ended');
    expect(reports.map(({ status }) => status)).toEqual(reports.map(() => 'done'));
  },
);

describe('a replacement that fails', () => {
  const broken = async (how: string, options = {}) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-release-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const port = await freePort();
    const worker = { script: script('changing-worker.mjs'), args: [how, directory] };
    return { port, program: await runningWorkers({ ...worker, port, count: 2, ...options }) };
  };

  test.each([
    ['crashes at boot', 'crash', {}, 'ERR_WORKER_CRASH'],
    ['is never ready', 'hang', { readyTimeoutMs: 3_000 }, 'ERR_WORKER_READY_TIMEOUT'],
  ] as const)('because it %s leaves the old processes serving', async (_, how, options, code) => {
    const { port, program } = await broken(how, options);
    const before = numbersOf(saidOf(program, 'active'), 'pid');
    const load = clients(port, 4);
    program.tell({ command: 'restart' });
    const report = await program.hear('restart-ended');
    expect(report).toMatchObject({
      status: 'aborted',
      replaced: [],
      kept: [1],
      failed: [0],
      cause: { cause: { code } },
    });
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    const started = numbersOf(saidOf(program, 'starting'), 'pid');
    expect(started.filter(isAlive)).toEqual(before);
    expect(before).toContain(Number(await ask(port)));
  });
});
