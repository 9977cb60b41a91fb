import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAlive, startProgram } from './program.ts';
import { ask, freePort, isFree, numbersOf, runningWorkers, saidOf, script, supervised } from './supervised.ts';

test('three workers are started one after the other, and the primary has time for other things meanwhile', async () => {
  const program = supervised({ script: script('http-worker.mjs'), port: await freePort(), count: 3 });
  const running = await program.hear('running');
  const starting = saidOf(program, 'starting');
  expect(numbersOf(starting, 'slot')).toEqual([0, 1, 2]);
  const at = starting.map((said) => Number(said.at));
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(90);
  expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(90);
  // 20 ms apart, over at least 200 ms.
  expect(Number(running.ticks)).toBeGreaterThanOrEqual(5);
});

test('all of them serve one port', async () => {
  const port = await freePort();
  const program = await runningWorkers({ script: script('http-worker.mjs'), port, count: 3, sharing: 'round-robin' });
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask(port)));
  expect(new Set(answers.map(Number))).toEqual(new Set(numbersOf(saidOf(program, 'active'), 'pid')));
});

test('a snapshot says since when each runs', async () => {
  const program = await runningWorkers({ script: script('http-worker.mjs'), port: await freePort(), count: 1 });
  const [started] = saidOf(program, 'starting');
  program.tell({ command: 'snapshot' });
  const { snapshot } = await program.hear('did');
  expect(snapshot).toMatchObject({
    state: 'Running',
    workers: [{ slot: 0, state: 'active', pid: started?.pid, restarts: 0, crashes: 0 }],
  });
  const worker: unknown = Reflect.get(Object(snapshot), 'workers');
  const [{ startedAt, uptimeMs }] = JSON.parse(JSON.stringify(worker));
  expect(Math.abs(startedAt - Number(started?.at))).toBeLessThan(1_000);
  expect(uptimeMs).toBeGreaterThan(0);
});

describe('a script that cannot be run', () => {
  test('in every slot ends the start with its cause, and no process is left', async () => {
    const port = await freePort();
    const program = supervised({ script: script('broken-worker.mjs'), port, count: 2 });
    expect(await program.hear('failed')).toMatchObject({
      error: { cause: { code: 'ERR_WORKERS_FAILED', cause: { code: 'ERR_MODULE_NOT_FOUND' } } },
    });
    expect(await program.ended).toBe(1);
    expect(numbersOf(saidOf(program, 'starting'), 'pid').filter(isAlive)).toEqual([]);
    expect(await isFree(port)).toBe(true);
  });
});

test('a worker that is to have workers of its own is told that it cannot', async () => {
  const program = startProgram('nesting-primary.mjs');
  expect(await program.hear('nested')).toMatchObject({ code: 'ERR_WORKER_NESTED' });
});

test.each(['shared', 'round-robin'] as const)('a port that is taken ends the start at once (%s)', async (sharing) => {
  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const program = supervised({ script: script('http-worker.mjs'), port, count: 2, sharing });
  expect(await program.hear('failed')).toMatchObject({
    error: { cause: { code: 'ERR_WORKERS_FAILED', cause: { code: 'EADDRINUSE' } } },
  });
  expect(await program.ended).toBe(1);
  const exits = saidOf(program, 'exit').map(({ exit }) => exit);
  expect(exits).not.toContainEqual(expect.objectContaining({ forced: true }));
});
