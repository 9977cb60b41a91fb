import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isAlive, type Program, type Said, startProgram, until } from './program.ts';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const startWorkers = (script: string, options: object): Program =>
  startProgram('workers.mjs', { args: [`./${script}`, JSON.stringify(options)] });

const pidsOf = ({ pids }: Said): readonly number[] => (Array.isArray(pids) ? pids.map(Number) : []);

const ask = async (
  port: number,
  path = '/',
  headers: Record<string, string> = { connection: 'close' },
): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();

test.each(['cluster-worker.mjs', 'http-worker.mjs'])('%s: every worker answers on the one port', async (script) => {
  const port = await freePort();
  const program = startWorkers(script, { count: 2, port });
  const pids = pidsOf(await program.hear('started'));
  const seen = new Set<number>();
  await until(async () => {
    seen.add(Number(await ask(port)));
    return seen.size === 2;
  }, 'both answer');
  expect([...seen].sort()).toEqual([...pids].sort());
});

test.each(['cluster-worker.mjs', 'http-worker.mjs'])('%s: a rolling restart loses nobody', async (script) => {
  const port = await freePort();
  const program = startWorkers(script, { count: 2, port });
  const before = pidsOf(await program.hear('started'));
  let going = true;
  const failures: unknown[] = [];
  let answered = 0;
  const client = async (headers: Record<string, string>): Promise<void> => {
    while (going) {
      try {
        await ask(port, '/', headers);
        answered += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const clients = [client({ connection: 'close' }), client({}), client({})];
  program.tell({ command: 'restart' });
  const { report } = await program.hear('restarted');
  going = false;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(10);
  expect(report).toMatchObject({ status: 'done', replaced: [0, 1], forced: [] });
  await until(() => before.every((pid) => !isAlive(pid)), 'the old ones are gone');
});

test('what a terminal sends to the whole group ends no worker behind the back of the primary', async () => {
  const port = await freePort();
  const program = startWorkers('cluster-worker.mjs', { count: 2, port });
  const pids = pidsOf(await program.hear('started'));
  program.signal('SIGINT', 'group');
  await program.hear('interrupted');
  expect(Number(await ask(port))).toSatisfy((pid: number) => pids.includes(pid));
  expect(pids.every(isAlive)).toBe(true);
  program.tell({ command: 'stop' });
  expect(await program.hear('ended')).toMatchObject({ report: { forced: [] } });
  expect(await program.ended).toBe(0);
  expect(pids.some(isAlive)).toBe(false);
});

test('when the primary is killed its workers finish, end, and free the port', async () => {
  const port = await freePort();
  const program = startWorkers('cluster-worker.mjs', { count: 2, port });
  const pids = pidsOf(await program.hear('started'));
  const slow = ask(port, '/slow');
  await until(async () => (await ask(port)) !== '', 'it is under way');
  program.signal('SIGKILL');
  expect(pids).toContain(Number(await slow));
  await until(() => !pids.some(isAlive), 'all of them are gone', 1_500);
  await expect(ask(port)).rejects.toThrow();
});

test('what a cluster serves is part of the beats of its worker', async () => {
  const port = await freePort();
  const program = startWorkers('cluster-worker.mjs', { count: 1, port, heartbeatMs: 20 });
  await program.hear('started');
  const slow = ask(port, '/slow');
  await until(() => {
    program.tell({ command: 'stats' });
    return program.said.some(({ stats }) => JSON.stringify(stats ?? '').includes('"inFlight":1'));
  }, 'it is seen');
  await slow;
  await until(() => {
    program.tell({ command: 'stats' });
    return program.said.some(({ stats }) =>
      /"connections":0,"inFlight":0.*"requests":1/.test(JSON.stringify(stats ?? '')),
    );
  }, 'it is counted');
});
