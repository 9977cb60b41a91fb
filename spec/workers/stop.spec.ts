import { describe, expect, test } from 'vitest';
import { isAlive, type Program, until } from './program.ts';
import { ask, freePort, isFree, numbersOf, runningWorkers, saidOf, script } from './supervised.ts';

const pidsOf = (program: Program): readonly number[] => numbersOf(saidOf(program, 'starting'), 'pid');

const http = async (options = {}) => {
  const port = await freePort();
  const program = await runningWorkers({ script: script('http-worker.mjs'), port, count: 2, ...options });
  return { port, program };
};

test('SIGTERM lets workers finish what they accepted, and frees the port', async () => {
  const { port, program } = await http();
  const slow = ask(port, '/slow');
  await program.hear('asked');
  program.signal('SIGTERM');
  expect(await slow).toBe('slow');
  expect(await program.ended).toBe(0);
  expect(pidsOf(program).filter(isAlive)).toEqual([]);
  expect(await isFree(port)).toBe(true);
});

test('who does not leave is killed when its time is over, and the exit code tells', async () => {
  const program = await runningWorkers({
    script: script('scripted-worker.mjs'),
    args: ['never-leaves'],
    port: 0,
    count: 1,
    shutdownTimeoutMs: 1_000,
  });
  const asked = performance.now();
  program.signal('SIGTERM');
  const exit = await program.hear('exit');
  const tookMs = performance.now() - asked;
  expect(exit).toMatchObject({ slot: 0, exit: { signal: 'SIGKILL', intent: 'stop', forced: true, crash: false } });
  expect(tookMs).toBeGreaterThanOrEqual(980);
  expect(tookMs).toBeLessThan(1_600);
  expect(await program.ended).toBe(1);
});

test('a second signal is the end at once, with nobody left', async () => {
  const program = await runningWorkers({
    script: script('scripted-worker.mjs'),
    args: ['never-leaves'],
    port: 0,
    count: 2,
  });
  program.signal('SIGTERM');
  await program.hearAll('draining', 2);
  program.signal('SIGINT');
  expect(await program.ended).toBe(130);
  await until(() => !pidsOf(program).some(isAlive), 'all workers are gone', 1_000);
});

test('a respawn that is due when everything stops is called off', async () => {
  const { program } = await http({ respawnDelayMs: 300 });
  const [first = 0] = pidsOf(program);
  process.kill(first, 'SIGKILL');
  await program.hear('respawning');
  program.signal('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(pidsOf(program)).toHaveLength(2);
  expect(pidsOf(program).filter(isAlive)).toEqual([]);
});

test('a stop during a restart starts nobody else, and leaves nobody', async () => {
  const { program } = await http();
  program.signal('SIGUSR2');
  await program.hear('starting', ({ why }) => why === 'replacement');
  const before = pidsOf(program).length;
  program.signal('SIGTERM');
  expect(await program.hear('restart-ended')).toMatchObject({ status: 'aborted' });
  expect(await program.ended).toBe(0);
  // The second replacement may have been on its way already.
  expect(pidsOf(program).length).toBeLessThanOrEqual(before + 1);
  expect(pidsOf(program).filter(isAlive)).toEqual([]);
});

describe('a primary that is killed', () => {
  test('takes its workers along, and the port is free', async () => {
    const { port, program } = await http();
    program.signal('SIGKILL');
    expect(await program.ended).toBe('SIGKILL');
    await until(() => !pidsOf(program).some(isAlive), 'all workers are gone', 1_000);
    expect(await isFree(port)).toBe(true);
  });
});
