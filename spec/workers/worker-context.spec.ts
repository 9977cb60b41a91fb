import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { isWorker, workerContext } from '../../lib/workers/worker-context.ts';
import { drain, type Primary, startPrimary } from './primary-program.ts';
import { isAlive, until } from './program.ts';

const url = (port: unknown, path: string): string => `http://127.0.0.1:${port}${path}`;

const serving = async (
  primary: Primary,
  args: readonly string[] = [],
  assign = {},
): Promise<{ pid: number; port: number }> => {
  const pid = await primary.fork('http-worker.mjs', { assign: { args, ...assign } });
  const said = await primary.hear('serving', (one) => one.pid === pid);
  await primary.message(pid, 'ready');
  return { pid, port: Number(said.port) };
};

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });

const scripted = async (primary: Primary, script: string, assign = {}): Promise<number> => {
  const pid = await primary.fork('scripted-worker.mjs', { assign: { args: [script], ...assign } });
  return pid;
};

test('in a process that is no worker there is no context', () => {
  expect(isWorker()).toBe(false);
  expect(workerContext).toThrow(expect.objectContaining({ name: 'NotAWorkerError', code: 'ERR_NOT_A_WORKER' }));
});

test('a worker knows its slot, how many there are and its port; a spare that waits knows nothing yet', async () => {
  const primary = await startPrimary();
  const pid = await primary.fork('http-worker.mjs', { spare: true, preload: ['preloaded.mjs'] });
  await primary.message(pid, 'hello');
  expect(await primary.hear('preloaded')).toMatchObject({ isWorker: true, code: 'ERR_NOT_A_WORKER' });
  expect(primary.said.some(({ type }) => type === 'serving')).toBe(false);
  primary.tell({ command: 'assign', pid, assign: { slot: 2, count: 5, args: ['--late'] } });
  expect(await primary.hear('serving')).toMatchObject({ slot: 2, argv: [expect.any(String), '--late'] });
});

test('a script may be TypeScript, whatever this Node makes of it', async () => {
  const primary = await startPrimary();
  const pid = await primary.fork('typed-worker.ts', { assign: { slot: 4 } });
  expect(await primary.hear('typed')).toMatchObject({ slot: 4, greeting: 'hello' });
  await primary.message(pid, 'ready');
});

test('a spare that waits leaves at once when it is asked to, and when its primary is gone', async () => {
  const primary = await startPrimary();
  const [first, second, third] = [
    await primary.fork('http-worker.mjs', { spare: true }),
    await primary.fork('http-worker.mjs', { spare: true }),
    await primary.fork('http-worker.mjs', { spare: true }),
  ];
  for (const pid of [first, second, third]) await primary.message(pid, 'hello');
  primary.send(first, drain(5_000));
  expect(await primary.exit(first)).toMatchObject({ code: 0 });
  primary.signal('SIGTERM', second);
  expect(await primary.exit(second)).toMatchObject({ code: 0 });
  primary.signal('SIGKILL');
  await until(() => !isAlive(third), 'the spare is gone', 1_000);
});

describe.each([
  ['a server that was handed over', []],
  ['a server that nobody was told of', ['--plain']],
  ['a server of a script that knows nothing of workers', ['--silent']],
])('%s', (_, args) => {
  test('finishes a request that is under way when it is to leave, and refuses new connections', async () => {
    const primary = await startPrimary();
    const { pid, port } = await serving(primary, args);
    const slow = fetch(url(port, '/slow'));
    await primary.hear('asked');
    primary.send(pid, drain(5_000));
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('slow');
    expect(await primary.exit(pid)).toMatchObject({ code: 0, signal: null });
    expect(await isRefused(port)).toBe(true);
  });

  test('finishes it too when somebody else sends SIGTERM', async () => {
    const primary = await startPrimary();
    const { pid, port } = await serving(primary, args);
    const slow = fetch(url(port, '/slow'));
    await primary.hear('asked');
    primary.signal('SIGTERM', pid);
    expect(await (await slow).text()).toBe('slow');
    expect(await primary.exit(pid)).toMatchObject({ code: 0, signal: null });
  });

  test('leaves no process and no socket behind when the primary is killed', async () => {
    const primary = await startPrimary();
    const { pid, port } = await serving(primary, args);
    const idle = await fetch(url(port, '/'));
    await idle.text();
    primary.signal('SIGKILL');
    await until(async () => !isAlive(pid) && (await isRefused(port)), 'the worker is gone and the port is free', 1_000);
  });
});

describe('a worker', () => {
  test('is not ended by what a terminal sends to everybody, or by signals of which the primary decides', async () => {
    const primary = await startPrimary();
    const { pid, port } = await serving(primary);
    for (const name of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGUSR1'] as const) primary.signal(name, pid);
    // Its own handler is called, after all of them.
    await primary.hear('usr1');
    expect(await (await fetch(url(port, '/'))).text()).toBe(String(pid));
  });

  test('that nobody caught an error of says so, finishes, and ends with code 1', async () => {
    const primary = await startPrimary();
    const { pid, port } = await serving(primary);
    const slow = fetch(url(port, '/slow'));
    await primary.hear('asked');
    await (await fetch(url(port, '/throw'))).text();
    const failing = await primary.message(pid, 'failing');
    expect(failing.message).toMatchObject({ error: { name: 'TypeError', message: 'nobody caught this' } });
    expect(await (await slow).text()).toBe('slow');
    expect(await primary.exit(pid)).toMatchObject({ code: 1, signal: null });
    expect(primary.printed.join('\n')).toContain('nobody caught this');
  });

  test('that handles such errors itself goes on', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'survives-errors');
    await primary.hear('survived');
    primary.send(pid, drain(2_000));
    expect(await primary.exit(pid)).toMatchObject({ code: 0 });
    expect(primary.said.some(({ message }) => JSON.stringify(message ?? '').includes('failing'))).toBe(false);
  });

  test('that listens to drain$ takes the time that it has, and says itself when it is done', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'leaves-in-its-time');
    await primary.message(pid, 'ready');
    primary.send(pid, drain(5_000, true));
    expect(await primary.hear('asked to leave')).toMatchObject({
      request: { reason: 'stop', deadlineMs: 5_000, handOver: true },
    });
    await primary.hear('done');
    expect(await primary.exit(pid)).toMatchObject({ code: 0 });
  });

  test('that does not leave ends itself when its time is over and nobody is there to kill it', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'never-leaves', { orphanDrainMs: 200 });
    await primary.message(pid, 'ready');
    primary.signal('SIGKILL');
    await until(() => !isAlive(pid), 'it is gone', 1_200);
  });

  test('starts what it runs, is ready when that is, and stops it with the time that it has', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'runs-something');
    await primary.message(pid, 'ready');
    primary.send(pid, drain(5_000, true));
    expect(await primary.hear('stopped')).toMatchObject({ options: { drainTimeoutMs: 4_500, handOver: true } });
    expect(await primary.exit(pid)).toMatchObject({ code: 0 });
  });

  test('ends as a failed one when what it runs fails', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'runs-what-fails');
    const failing = await primary.message(pid, 'failing');
    expect(failing.message).toMatchObject({ error: { code: 'ERR_WORKER_RUNNABLE', message: 'sick has failed' } });
    expect(await primary.exit(pid)).toMatchObject({ code: 1 });
  });

  test('is not kept waiting by a primary that does not answer', async () => {
    const primary = await startPrimary();
    await scripted(primary, 'asks-for-statistics');
    const { code, afterMs } = await primary.hear('unanswered');
    expect(code).toBe('ERR_WORKER_STATISTICS_TIMEOUT');
    expect(Number(afterMs)).toBeGreaterThanOrEqual(590);
  });

  test('gets what was said under a name before it listened', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'talks');
    await primary.message(pid, 'ready');
    primary.send(pid, { type: 'topic', topic: 'chat', body: 1 });
    primary.send(pid, { type: 'topic', topic: 'other', body: 2 });
    primary.send(pid, { type: 'topic', topic: 'chat', body: { three: 3 } });
    await until(
      () => primary.said.filter(({ message }) => JSON.stringify(message ?? '').includes('echo')).length === 2,
      'both came back',
    );
    const bodies = primary.said.flatMap(({ message }) => (isTopic(message) ? [message.body] : []));
    expect(bodies).toEqual([{ echo: 1 }, { echo: { three: 3 } }]);
  });

  test('beats, with what was contributed; what cannot be read is left out', async () => {
    const primary = await startPrimary();
    const pid = await scripted(primary, 'contributes', { heartbeatMs: 30 });
    const { message } = await primary.hear('message', (said) => JSON.stringify(said).includes('"jobs":2'));
    expect(message).toMatchObject({ beat: { counters: { jobs: 2 }, gauges: {} } });
    primary.send(pid, { type: 'collect', id: 7, series: true });
    const report = await primary.message(pid, 'report');
    expect(report.message).toMatchObject({ id: 7, series: [{ family: 'jobs' }] });
  });

  test('tells with its beats what a server that was handed over serves', async () => {
    const primary = await startPrimary();
    const { port } = await serving(primary, [], { heartbeatMs: 20 });
    const slow = fetch(url(port, '/slow'));
    await primary.hear('message', ({ message }) =>
      /"connections":1,"inFlight":1,"requests":1/.test(JSON.stringify(message)),
    );
    await (await slow).text();
    await primary.hear('message', ({ message }) => /"inFlight":0,"requests":1/.test(JSON.stringify(message)));
  });
});

const isTopic = (message: unknown): message is { readonly body: unknown } =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'topic';
