import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import type { Report } from './fixtures/narrow.ts';

test('ten thousand servers in a process that may open a thousand files change nothing, and the reason is told', {
  timeout: 60_000,
}, async () => {
  const child = fork(fileURLToPath(new URL('./fixtures/narrow.ts', import.meta.url)), {
    execArgv: ['--import', 'jiti/register'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const next = async <T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> => {
    const [said]: Report[] = await once(child, 'message');
    if (said?.type !== type) throw new Error(`said ${JSON.stringify(said)}`);
    return said as Extract<Report, { type: T }>;
  };
  const { addresses } = await next('ready');
  const files = (): number => readdirSync(`/proc/${child.pid}/fd`).length;
  const before = files();
  execFileSync('prlimit', ['--pid', String(child.pid), '--nofile=1024:1024']);
  child.send(10_000);
  expect(await next('outcome')).toMatchObject({
    status: 'rolledBack',
    code: 'ERR_BIND',
    errno: 'EMFILE',
    servers: ['s0', 's1'],
  });
  expect(files()).toBeLessThanOrEqual(before + 1);
  expect(await Promise.all(addresses.map((address) => ask(address)))).toEqual(['served', 'served']);
  child.send(500);
  expect(await next('outcome')).toMatchObject({ status: 'committed' });
});
