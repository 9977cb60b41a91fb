import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatAddress } from '../../lib/config/address.ts';
import { ProbeError } from '../../lib/listener/errors.ts';
import { isListening } from '../../lib/listener/is-listening.ts';
import { systemListeners } from '../../lib/listener/listeners.ts';
import { freePort, hold } from './holding.ts';

/** Listens with the shortest queue there is and falls asleep: nothing is ever accepted. */
const DEAF = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () {
  require('node:fs').writeSync(1, String(this.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
})`;

const deafPort = async (): Promise<number> => {
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said]: unknown[] = await once(child.stdout, 'data');
  return Number(String(said));
};

test('a port that is held is listened on until it is let go', async () => {
  const { listener, release } = await hold(systemListeners({ kind: 'tcp', host: '127.0.0.1', port: 0 }));
  const address = formatAddress(listener.address);
  expect(await isListening(address)).toBe(true);
  release();
  expect(await isListening(address)).toBe(false);
});

test.each(['', '0.0.0.0', 'localhost'])('a server on %j is found', async (host) => {
  const { listener } = await hold(systemListeners({ kind: 'tcp', host, port: 0 }));
  expect(await isListening(formatAddress(listener.address))).toBe(true);
});

test('nobody listens by a name either', async () => {
  expect(await isListening(`localhost:${await freePort()}`)).toBe(false);
});

test('a unix socket is listened on while somebody holds it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'probe-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const address = `unix:${directory}/x.sock`;
  expect(await isListening(address)).toBe(false);
  const { release } = await hold(systemListeners({ kind: 'unix', path: `${directory}/x.sock` }));
  expect(await isListening(address)).toBe(true);
  release();
  expect(await isListening(address)).toBe(false);
});

describe('it cannot be told', () => {
  test.each([
    ['8080', /write/],
    ['127.0.0.1:0', /a snapshot/],
    ['127.0.0.1:8000-8010', /a snapshot/],
  ])('of %s, which names no place', async (address, hint) => {
    const error = await isListening(address).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProbeError);
    expect(error).toMatchObject({ code: 'ERR_PROBE', address, errno: undefined, hint: expect.stringMatching(hint) });
  });

  test('of a name that does not resolve', async () => {
    const error = await isListening('nobody.invalid:80').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'ProbeError', errno: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/) });
  });

  test('when nothing answers in time', async () => {
    const port = await deafPort();
    // The system answers for it until its queue is full.
    const callers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => callers.forEach((caller) => void caller.destroy()));
    await expect.poll(() => callers.filter(({ connecting }) => !connecting).length).toBeGreaterThan(0);
    const error = await isListening(`127.0.0.1:${port}`, { timeoutMs: 100 }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ errno: 'ETIMEDOUT', cause: { message: 'no answer within 100 ms' } });
  });
});

test('an aborted signal ends the attempt with its reason', async () => {
  const { listener } = await hold(systemListeners({ kind: 'tcp', host: '127.0.0.1', port: 0 }));
  const address = formatAddress(listener.address);
  await expect(isListening(address, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  const controller = new AbortController();
  const attempt = isListening(address, { signal: controller.signal });
  controller.abort(new Error('meanwhile'));
  await expect(attempt).rejects.toThrow('meanwhile');
});
