import { describe, expect, test } from 'vitest';
import { isAlive, type Program, startProgram } from './program.ts';
import { ask, clients, freePort, isFree } from './supervised.ts';

interface Serving extends Program {
  readonly port: number;
  /** Pids of the processes that serve now. */
  workers(): readonly number[];
}

const serving = async (...more: readonly string[]): Promise<Serving> => {
  const port = await freePort();
  const program = startProgram('plain-server.mjs', { args: [String(port), ...more] });
  await program.hear('started');
  const pids = (): readonly number[] =>
    program.said.filter(({ type }) => type === 'serving').map(({ pid }) => Number(pid));
  return { ...program, port, workers: () => pids().filter(isAlive) };
};

describe('a port on which plain servers of workers listen', { timeout: 120_000 }, () => {
  test('keeps whoever connects while all of them are dead, and answers them later', async () => {
    const program = await serving();
    const { port } = program;
    const dead = program.workers();
    expect(dead).toHaveLength(2);
    expect(dead).toContain(Number(await ask(port)));
    program.tell({ command: 'kill', pids: dead });
    await expect.poll(() => dead.some(isAlive), { interval: 1 }).toBe(false);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(port)));
    expect(answers.every((pid) => !dead.includes(Number(pid)))).toBe(true);
  });

  test('refuses nobody while they are killed in turns', async () => {
    const program = await serving();
    const busy = clients(program.port, 4);
    for (let kills = 1; kills <= 6; kills += 1) {
      program.tell({ command: 'kill', pids: program.workers().slice(0, 1) });
      await program.hearAll('serving', 2 + kills);
    }
    const { answered, failures } = await busy.stop();
    expect(answered).toBeGreaterThan(6);
    expect(failures.filter((message) => message.includes('ECONNREFUSED'))).toEqual([]);
    // What a worker had when it was killed is lost with it.
    expect(failures.length).toBeLessThanOrEqual(6 * 4);
  });

  test('loses nobody over 20 rolling restarts, and is free when all have stopped', async () => {
    const program = await serving();
    const busy = clients(program.port, 4);
    for (let n = 1; n <= 20; n += 1) {
      program.tell({ command: 'restart' });
      await program.hearAll('restarted', n);
    }
    const { answered, failures } = await busy.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    program.tell({ command: 'stop' });
    expect(await program.ended).toBe(0);
    expect(await isFree(program.port)).toBe(true);
  });

  test('cannot be had by other workers: their servers say so, as any server of Node does', async () => {
    const first = await serving();
    const second = startProgram('plain-server.mjs', { args: [String(first.port), '1'] });
    expect(await second.hear('failed')).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', at: first.port });
    await second.hear('not-started');
    expect(first.workers()).toContain(Number(await ask(first.port)));
  });

  test('is had once in each process', async () => {
    const program = await serving('1', 'twice');
    expect(await program.hear('second')).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    expect(program.workers()).toContain(Number(await ask(program.port)));
  });

  test('is let go of when the server is closed, and had again', async () => {
    const program = await serving('1', 'close');
    await program.hear('closed-again');
    await expect.poll(() => isFree(program.port)).toBe(true);
    expect(program.workers()).toHaveLength(1);
  });
});
