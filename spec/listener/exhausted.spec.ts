import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Report } from './fixtures/exhausted.ts';
import { dial, get } from './wire.ts';

test('a process without a free file descriptor sheds newcomers, says so, and recovers', async () => {
  const child = fork(fileURLToPath(new URL('./fixtures/exhausted.ts', import.meta.url)), {
    execArgv: ['--import', 'jiti/register'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const reports: Report[] = [];
  child.on('message', (said: Report) => reports.push(said));
  const next = async <T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> => {
    for (;;) {
      const at = reports.findIndex((said) => said.type === type);
      const [found] = at < 0 ? [] : reports.splice(at, 1);
      if (found !== undefined) return found as Extract<Report, { type: T }>;
      await once(child, 'message');
    }
  };
  const ask = <T extends 'second' | 'cpu'>(type: T): Promise<Extract<Report, { type: T }>> => {
    child.send(type);
    return next(type);
  };
  const { port } = await next('listening');
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const open = readdirSync(`/proc/${child.pid}/fd`).length;
  execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${open + 20}:${open + 20}`]);

  const wires = Array.from({ length: 60 }, () => dial(address));
  const fates = await Promise.all(
    wires.map(async (wire) => {
      wire.write(get('/'));
      return Promise.race([wire.responses().then(() => 'served'), wire.closed]).catch(() => 'shed');
    }),
  );
  const served = fates.filter((fate) => fate === 'served').length;
  expect(served).toBeGreaterThan(10);
  expect(served).toBeLessThan(30);

  expect(await ask('second')).toMatchObject({ errno: 'EMFILE' });
  const before = await ask('cpu');
  // An event loop that spins on connections it cannot accept shows in the time it uses.
  const idleMs = 300;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const after = await ask('cpu');
  expect(after.ms - before.ms).toBeLessThan(idleMs / 2);

  for (const { socket } of wires) socket.destroy();
  const late = await (async (): Promise<string | undefined> => {
    for (;;) {
      const wire = dial(address);
      wire.write(get('/'));
      const answered = await wire.responses().catch(() => undefined);
      if (answered !== undefined) return answered[0]?.body;
    }
  })();
  expect(late).toBe('served');
  expect(await ask('second')).toMatchObject({ errno: 'none' });
  expect(reports).toEqual([]);
});
