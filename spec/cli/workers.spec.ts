import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Command, directoryWith, finish, start } from './command.ts';

/** Processes boot while others are tested on the same cores. */
const PATIENT = { timeout: 60_000 };

const APP = `export default (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/slow') return new Promise((resolve) => setTimeout(() => resolve(new Response('slow')), 300));
  return new Response(String(process.pid));
};
`;

/** In front of a module: it is not imported while there is a file `hold` beside it. */
const HELD = `import { existsSync } from 'node:fs';
while (existsSync(new URL('./hold', import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 5));
`;

const onWorkers = (over: object = {}, workers: unknown = 2): string =>
  JSON.stringify({ workers, servers: { web: { listen: '127.0.0.1:0', app: './app.mjs', ...over } } }, null, 2);

const FILES = { 'app.mjs': APP, 'sluice.config.json': onWorkers() };

interface Line {
  readonly type: string;
  readonly event?: string;
  readonly [key: string]: unknown;
}

const linesOf = (command: Command): readonly Line[] =>
  command
    .stdout()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Starts it, and waits until it serves; gives where. */
const serving = async (directory: string, args: readonly string[] = []) => {
  const command = start(directory, ['run', '--json', ...args]);
  await command.said(/"type":"state".*"Running"/);
  const url = linesOf(command).find(({ type, state }) => type === 'server' && state === 'running')?.url;
  const pids = () => linesOf(command).flatMap(({ event, pid }) => (event === 'active' ? [Number(pid)] : []));
  // Whatever becomes of the primary, its workers do not outlive the test.
  onTestFinished(() => {
    for (const pid of pids()) if (isThere(pid)) process.kill(pid, 'SIGKILL');
  });
  return { command, url: String(url), pids };
};

const isThere = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
};

const ask = async (url: string, path = '/'): Promise<string> =>
  (await fetch(new URL(path, url), { headers: { connection: 'close' } })).text();

/** Who answers, asked so often that everybody has had his turn. */
const answering = async (url: string): Promise<ReadonlySet<number>> =>
  new Set(await Promise.all(Array.from({ length: 40 }, async () => Number(await ask(url)))));

const edit = (directory: string, text: string): void => {
  writeFileSync(join(directory, 'next'), text);
  renameSync(join(directory, 'next'), join(directory, 'sluice.config.json'));
};

describe('a file that asks for workers', PATIENT, () => {
  test('is served by all of them, and they leave with it', async () => {
    const { command, url, pids } = await serving(directoryWith(FILES));
    expect(pids()).toHaveLength(2);
    await expect.poll(() => answering(url)).toEqual(new Set(pids()));
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(pids().filter(isThere)).toEqual([]);
    expect(linesOf(command).at(-1)).toMatchObject({ type: 'stopped', cut: 0 });
    await expect(ask(url)).rejects.toThrow();
  });

  test('is followed: an edit is in force in all of them, a bad one changes nothing', async () => {
    const directory = directoryWith(FILES);
    const { command, url, pids } = await serving(directory);
    edit(directory, onWorkers({ name: 'Edited' }));
    await command.said(/"type":"outcome".*"revision":2.*"committed"/);
    edit(directory, onWorkers({ app: './nowhere.mjs' }));
    await command.said(/"type":"outcome".*"revision":3.*"rolledBack"/);
    expect((await command.said(/"type":"error".*/))[0]).toContain('nowhere.mjs');
    edit(directory, onWorkers({ listen: 'nowhere' }));
    await command.said(/"type":"config".*"status":"invalid"/);
    await expect.poll(() => answering(url)).toEqual(new Set(pids()));
    expect(pids()).toHaveLength(2);
  });

  test('says how many: an edit of the number starts more of them', async () => {
    const directory = directoryWith(FILES);
    const { command, pids } = await serving(directory);
    edit(directory, onWorkers({}, 3));
    await command.said(/"event":"active","slot":2/);
    expect(pids()).toHaveLength(3);
  });

  test('cannot be served where an address is taken, and nobody is left behind', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void busy.close());
    await new Promise((resolve) => busy.once('listening', resolve));
    const address = busy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const directory = directoryWith({ ...FILES, 'sluice.config.json': onWorkers({ listen: `127.0.0.1:${port}` }) });
    const command = start(directory, ['run', '--json']);
    expect(await command.ended).toBe(4);
    expect(linesOf(command).at(-1)).toMatchObject({ type: 'error', code: 'ERR_BIND' });
    const pids = linesOf(command).flatMap(({ event, pid }) => (event === 'starting' ? [Number(pid)] : []));
    expect(pids.filter(isThere)).toEqual([]);
  });

  test('whose code cannot be loaded is refused, with the place and what it says', async () => {
    const directory = directoryWith({ ...FILES, 'app.mjs': 'throw new Error("no database");' });
    const command = start(directory, ['run']);
    expect(await command.ended).toBe(4);
    expect(command.stderr()).toMatch(/error {3}.*no database/);
  });

  test('whose workers always crash ends with 1', async () => {
    const workers = { count: 2, respawnDelayMs: 0, execArgv: ['--import=data:text/javascript,process.exit(7)'] };
    const command = start(directoryWith({ ...FILES, 'sluice.config.json': onWorkers({}, workers) }), ['run', '--json']);
    expect(await command.ended).toBe(1);
    expect(linesOf(command).at(-1)).toMatchObject({ type: 'error' });
  });
});

describe('signals', PATIENT, () => {
  test('SIGUSR2 replaces the workers while requests are answered', async () => {
    const { command, url, pids } = await serving(directoryWith(FILES));
    const before = new Set(pids());
    let isOver = false;
    const failed: unknown[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) await ask(url).catch((error: unknown) => failed.push(error));
    });
    command.child.kill('SIGUSR2');
    await command.said(/"event":"restart-ended".*/);
    isOver = true;
    await Promise.all(clients);
    expect(failed).toEqual([]);
    const report = linesOf(command).find(({ event }) => event === 'restart-ended')?.report;
    expect(report).toMatchObject({ status: 'done', replaced: [0, 1], failed: [], forced: [] });
    const now = await answering(url);
    expect([...now].filter((pid) => before.has(pid))).toEqual([]);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
  });

  test('a worker that is killed comes back, and the file goes on being served', async () => {
    const { command, url, pids } = await serving(directoryWith(FILES));
    const [victim = 0] = pids();
    process.kill(victim, 'SIGKILL');
    const [said] = await command.said(/"event":"exit".*/);
    expect(said).toContain('"signal":"SIGKILL"');
    await expect.poll(() => pids().length, { timeout: 20_000 }).toBe(3);
    await expect.poll(() => answering(url)).toEqual(new Set(pids().slice(1)));
  });

  test.each(['SIGINT', 'SIGQUIT'] as const)('%s to everybody at the terminal lets requests finish', async (signal) => {
    // A session of its own, so that the whole group can be sent it as a terminal does.
    const command = start(directoryWith(FILES), ['run', '--json'], {}, ['setsid', '--wait']);
    await command.said(/"type":"state".*"Running"/);
    const url = String(linesOf(command).find(({ state }) => state === 'running')?.url);
    const pids = linesOf(command).flatMap(({ event, pid }) => (event === 'active' ? [Number(pid)] : []));
    const group = Number(spawnSync('ps', ['-o', 'pgid=', '-p', String(pids[0])], { encoding: 'utf8' }).stdout);
    const slow = ask(url, '/slow');
    await ask(url);
    process.kill(-group, signal);
    expect(await slow).toBe('slow');
    expect(await command.ended).toBe(0);
    expect(pids.filter(isThere)).toEqual([]);
  });

  test('a second one ends it at once, and leaves no worker behind', async () => {
    const { command, url, pids } = await serving(
      directoryWith({
        ...FILES,
        'app.mjs': APP.replace('300', '30_000'),
      }),
    );
    const hanging = ask(url, '/slow').catch(() => 'cut');
    await ask(url);
    command.child.kill('SIGTERM');
    await command.said(/"type":"state".*"Stopping"/);
    command.child.kill('SIGINT');
    expect(await command.ended).toBe(130);
    expect(await hanging).toBe('cut');
    await expect.poll(() => pids().filter(isThere), { timeout: 10_000 }).toEqual([]);
  });

  test('when it is killed itself, its workers finish and leave, and the port is free', async () => {
    const { command, url, pids } = await serving(directoryWith(FILES));
    const slow = ask(url, '/slow');
    await ask(url);
    command.child.kill('SIGKILL');
    expect(await slow).toBe('slow');
    await expect.poll(() => pids().filter(isThere), { timeout: 10_000 }).toEqual([]);
    await expect(ask(url)).rejects.toThrow();
  });

  test('a worker that does not leave in time is killed, and the exit code says so', async () => {
    const stubborn = `process.on('exit', () => { for (;;); });\n${APP}`;
    const text = onWorkers({}, { count: 1, shutdownTimeoutMs: 500 });
    const { command, pids } = await serving(directoryWith({ 'app.mjs': stubborn, 'sluice.config.json': text }));
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(1);
    expect(linesOf(command).find(({ event }) => event === 'exit')?.exit).toMatchObject({ forced: true });
    expect(pids().filter(isThere)).toEqual([]);
  });
});

describe('orders', PATIENT, () => {
  test('list, replace, scale and enable workers', async () => {
    const directory = directoryWith({ ...FILES, 'sluice.config.json': onWorkers({}, undefined) });
    const { pids } = await serving(directory, ['--workers', '2']);
    const listed = JSON.parse((await finish(directory, ['workers', '--json'])).stdout);
    expect(listed).toMatchObject({ type: 'workers', count: 2, active: 2, workers: [{ slot: 0 }, { slot: 1 }] });
    expect((await finish(directory, ['workers'])).stdout).toMatch(
      /^WORKER +STATE +PID .*\n0 +active .*\n1 +active .*\n2 of 2 workers active/,
    );
    expect(await finish(directory, ['workers', 'restart'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^worker {2}restart done in .*: 2 workers replaced\n$/),
    });
    expect(pids()).toHaveLength(4);
    const scaled = await finish(directory, ['workers', 'scale', '1', '--json']);
    expect(JSON.parse(scaled.stdout)).toMatchObject({ type: 'workers', count: 1, active: 1 });
    expect(await finish(directory, ['workers', 'enable', '4'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('ERR_UNKNOWN_WORKER'),
    });
    expect((await finish(directory, ['status'])).stdout).toMatch(/ 1 server {2}1 worker /);
  });

  test('are refused while another restart runs, and where there are no workers', async () => {
    const directory = directoryWith({ ...FILES, 'app.mjs': `${HELD}${APP}` });
    const { command } = await serving(directory);
    writeFileSync(join(directory, 'hold'), '');
    const first = finish(directory, ['workers', 'restart']);
    await command.said(/"event":"restart-begun"/);
    expect(await finish(directory, ['workers', 'restart'])).toMatchObject({ code: 4 });
    rmSync(join(directory, 'hold'));
    expect(await first).toMatchObject({ code: 0 });
    const alone = directoryWith({
      'sluice.config.json': JSON.stringify({ servers: { web: { listen: '127.0.0.1:0', routes: [] } } }),
    });
    const single = start(alone, ['run']);
    await single.said(/state {3}Running/);
    expect(await finish(alone, ['workers'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('sluice run --workers auto'),
    });
  });
});
