import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { freePort } from '../listener/holding.ts';
import { dial, get, type Wire } from '../listener/wire.ts';
import { isAlive, type Program, startProgram } from './program.ts';

interface Serving extends Program {
  readonly address: Address;
  readonly at: string;
  /** Pids of the processes that serve now. */
  workers(): readonly number[];
  kill(signal: NodeJS.Signals, ...pids: readonly number[]): void;
}

const serving = async (sharing: string, count: number, more: readonly string[] = []): Promise<Serving> => {
  const port = await freePort();
  const at = `127.0.0.1:${port}`;
  const program = startProgram('sharing.mjs', { args: [sharing, String(count), at, ...more] });
  await program.hear('started');
  await program.hearAll('serving', count);
  return {
    ...program,
    at,
    address: { kind: 'tcp', host: '127.0.0.1', port },
    workers: () =>
      program.said
        .filter(({ type }) => type === 'serving')
        .map(({ pid }) => Number(pid))
        .filter(isAlive),
    kill: (signal, ...pids) => program.tell({ command: 'kill', pids, signal }),
  };
};

const ask = (address: Address, path = '/'): Wire => {
  const wire = dial(address);
  wire.write(get(path));
  return wire;
};

const pidFrom = async (wire: Wire): Promise<number> => Number((await wire.responses())[0]?.body);

/** A pid of 0 would be this process and everybody around it. */
const oneOf = (pids: readonly number[]): number => {
  const [pid] = pids;
  if (pid === undefined) throw new Error('nobody serves');
  return pid;
};

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

const sharings = ['shared', 'round-robin'] as const;

describe.each(sharings)('%s: an address that two workers serve', { timeout: 60_000 }, (sharing) => {
  test('is answered by both of them, on fresh and on kept connections, and nobody is lost', async () => {
    const { at, address, workers } = await serving(sharing, 2);
    const clients = (['fresh', 'keep-alive'] as const).map((mode) =>
      createAccountingClient({ address: () => at, mode, connections: 8 }),
    );
    for (const client of clients) client.start();
    const seen = new Set<number>();
    await expect.poll(async () => seen.add(await pidFrom(ask(address))).size, { timeout: 10_000 }).toBe(2);
    expect([...seen].sort()).toEqual([...workers()].sort());
    for (const client of clients) {
      const { answered, written, refused, hung, lost, torn } = await client.stop();
      expect({ refused, hung, lost, torn }).toEqual({ refused: 0, hung: 0, lost: 0, torn: 0 });
      expect(answered).toBe(written);
      expect(answered).toBeGreaterThan(0);
    }
  });

  test('loses nothing but what a worker had when it was killed, and nobody hangs or is refused', async () => {
    const connections = 8;
    const kills = 4;
    const program = await serving(sharing, 2);
    const { at, said, kill, workers, pid } = program;
    const before = openFiles(pid);
    const client = createAccountingClient({ address: () => at, mode: 'fresh', connections });
    client.start();
    for (let n = 1; n <= kills; n += 1) {
      kill('SIGKILL', oneOf(workers()));
      await program.hearAll('serving', 2 + n);
    }
    const { answered, refused, hung, lost, torn } = await client.stop();
    expect({ refused, hung }).toEqual({ refused: 0, hung: 0 });
    expect(lost + torn).toBeLessThanOrEqual(kills * connections);
    expect(answered).toBeGreaterThan(kills);
    expect(said.filter(({ type }) => type === 'serving')).toHaveLength(2 + kills);
    await expect.poll(() => openFiles(pid), { timeout: 5_000 }).toBeLessThanOrEqual(before);
  });

  test('keeps whoever connects while all of them are dead, and answers them later', async () => {
    const program = await serving(sharing, 2);
    await pidFrom(ask(program.address));
    const dead = program.workers();
    program.kill('SIGKILL', ...dead);
    await expect.poll(() => dead.some(isAlive)).toBe(false);
    const wires = Array.from({ length: 50 }, () => ask(program.address));
    const answers = await Promise.all(wires.map(pidFrom));
    expect(answers.every((pid) => !dead.includes(pid))).toBe(true);
  });

  test('has at most one connection that waits for a worker that is blocked', async () => {
    const { address, workers, hear } = await serving(sharing, 2);
    const blocked = ask(address, '/block');
    await hear('blocking');
    const wires = Array.from({ length: 100 }, () => ask(address));
    const late = new Set(wires);
    for (const wire of wires) void pidFrom(wire).then(() => late.delete(wire));
    await blocked.responses();
    expect(late.size).toBeLessThanOrEqual(1);
    await Promise.all(wires.map(pidFrom));
    expect(workers()).toHaveLength(2);
  });

  test('leaves nobody waiting with a worker that stands still and is killed', async () => {
    const program = await serving(sharing, 2);
    const before = openFiles(program.pid);
    const still = oneOf(program.workers());
    const other = oneOf(program.workers().filter((pid) => pid !== still));
    process.kill(still, 'SIGSTOP');
    const wires = Array.from({ length: 20 }, () => ask(program.address));
    await Promise.all(wires.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    program.kill('SIGKILL', still);
    const fates = await Promise.all(wires.map((wire) => Promise.race([pidFrom(wire), wire.closed])));
    expect(fates.filter((fate) => typeof fate === 'number').length).toBeGreaterThanOrEqual(19);
    expect(fates).toContain(other);
    for (const { socket } of wires) socket.destroy();
    await program.hearAll('serving', 3);
    await expect.poll(() => openFiles(program.pid), { timeout: 5_000 }).toBeLessThanOrEqual(before);
  });

  test('cannot be had by a second primary', async () => {
    const first = await serving(sharing, 1);
    const second = startProgram('sharing.mjs', { args: [sharing, '1', first.at, 'held'] });
    expect(await second.hear('not-held')).toMatchObject({ code: 'ERR_BIND', errno: 'EADDRINUSE' });
    expect(await second.hear('serving')).toMatchObject({ status: 'rolledBack', errno: 'EADDRINUSE' });
    expect(first.workers()).toContain(await pidFrom(ask(first.address)));
  });

  test('is free when the workers have stopped', async () => {
    const program = await serving(sharing, 2);
    await pidFrom(ask(program.address));
    program.tell({ command: 'stop' });
    expect(await program.ended).toBe(0);
    expect(await ask(program.address).closed).toBe('reset');
  });
});

test('an address of one worker that is killed answers whoever connected meanwhile', { timeout: 30_000 }, async () => {
  const program = await serving('shared', 1, ['held']);
  const victim = oneOf(program.workers());
  process.kill(victim, 'SIGKILL');
  await expect.poll(() => isAlive(victim)).toBe(false);
  const wires = Array.from({ length: 10 }, () => ask(program.address));
  for (const wire of wires) expect(await pidFrom(wire)).not.toBe(victim);
});

test('a connection that is lost on its way to a worker without a free file descriptor is answered when it has one', {
  timeout: 30_000,
}, async () => {
  const { address, workers } = await serving('round-robin', 1);
  const pid = oneOf(workers());
  const limit = (files: number): void => {
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);
  };
  const before = readFileSync(`/proc/${pid}/limits`, 'utf8').match(/Max open files +(\d+)/)?.[1];
  await pidFrom(ask(address));
  limit(3);
  const wire = ask(address);
  await new Promise((resolve) => wire.socket.once('connect', resolve));
  const isAnswered = pidFrom(wire).then(() => true);
  const soon = new Promise<boolean>((resolve) => setTimeout(resolve, 500, false));
  expect(await Promise.race([isAnswered, soon])).toBe(false);
  limit(Number(before));
  expect(await isAnswered).toBe(true);
});

test('a shared address is served while the primary stands still', { timeout: 30_000 }, async () => {
  const { address, pid, workers } = await serving('shared', 2);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  });
  for (let n = 0; n < 20; n += 1) expect(workers()).toContain(await pidFrom(ask(address)));
});

test('a port with a queue for each worker is served by both, or one queue by both where that cannot be had', {
  timeout: 30_000,
}, async () => {
  const program = await serving('reuse-port', 2);
  const seen = new Set<number>();
  await expect.poll(async () => seen.add(await pidFrom(ask(program.address))).size, { timeout: 10_000 }).toBe(2);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isSupported = process.platform === 'linux' && (major > 22 || (major === 22 && minor >= 12));
  const warnings = program.said.flatMap(({ event }) =>
    typeof event === 'object' && event !== null && 'code' in event ? [event.code] : [],
  );
  expect(warnings).toEqual(isSupported ? [] : ['WARN_REUSE_PORT']);
  const second = startProgram('sharing.mjs', { args: ['reuse-port', '1', program.at, 'held'] });
  expect(await second.hear('not-held')).toMatchObject({ code: 'ERR_BIND', errno: 'EADDRINUSE' });
});
