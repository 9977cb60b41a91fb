import { mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Command, config, directoryWith, finish, start } from './command.ts';

const save = (path: string, text: string): void => {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
};

const body = async (url: string): Promise<string> => (await fetch(url)).text();

const both = (web: string, admin: string, more: object = {}): string =>
  JSON.stringify({
    ...more,
    servers: {
      web: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: web } }] },
      admin: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: admin } }] },
    },
  });

/** A cluster of two servers that runs in a directory of its own, which is where commands are called. */
const running = async (args: readonly string[] = [], text = both('one', 'admin')) => {
  const directory = directoryWith({ 'sluice.config.json': text });
  const command = start(directory, ['run', ...args]);
  const [, url = ''] = await command.said(/web(?:"| running).*?(http:\/\/[\d.]+:\d+)/);
  await command.said(/state {3}Running|"state":"Running"/);
  const call = (...words: readonly string[]) => finish(directory, words);
  return { directory, command, url, call, file: join(directory, 'sluice.config.json') };
};

/** The one JSON object a command has written. */
const json = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout);

const stop = async ({ child, ended }: Command): Promise<void> => {
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
};

describe('without a cluster', () => {
  test.each(['status', 'servers', 'logs', 'restart'])('%s ends with 1, and says how to start one', async (command) => {
    const { code, stdout, stderr } = await finish(directoryWith({}), [command]);
    expect(stderr).toMatch(/^error {3}no cluster runs here .*\(ERR_CONTROL_NONE\)\nhint {4}.*sluice run/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('with --json the error is an event on standard output', async () => {
    const result = await finish(directoryWith({}), ['status', '--json']);
    expect(json(result)).toMatchObject({ type: 'error', code: 'ERR_CONTROL_NONE', hint: expect.stringMatching(/./) });
    expect([result.code, result.stderr]).toEqual([1, '']);
  });
});

describe('a cluster that runs', () => {
  test('is reached through a socket that is nobody else’s, which goes with it', async () => {
    const { directory, command, call } = await running();
    const control = join(directory, '.control');
    const [socket = ''] = readdirSync(control);
    expect(statSync(control).mode & 0o777).toBe(0o700);
    expect(statSync(join(control, socket)).mode & 0o777).toBe(0o600);
    const { stdout, code } = await call('status');
    expect(stdout).toMatch(new RegExp(`^\\S+ \\(${command.child.pid}\\) {2}Running {2}2 servers .*revision 1\n`));
    expect(code).toBe(0);
    await stop(command);
    expect(readdirSync(control)).toEqual([]);
  });

  test('status says what is wrong with the file, until it is good again', async () => {
    const { command, call, file } = await running();
    save(file, '{');
    await command.said(/ERR_SOURCE_SYNTAX/);
    const { stdout } = await call('status');
    expect(stdout).toMatch(/^.* 1 problem {2}revision 1\n/);
    expect(stdout).toMatch(/\nreason {2}sluice\.config\.json:1:2: .*\(ERR_SOURCE_SYNTAX\)\n$/);
    const [view] = json(await call('status', '--json')).clusters;
    expect(view).toMatchObject({ problems: [{ code: 'ERR_SOURCE_SYNTAX', line: 1, column: 2 }] });
    save(file, both('two', 'admin'));
    await command.said(/outcome 2 committed/);
    expect((await call('status')).stdout).not.toMatch(/reason|problem/);
  });

  test('plan says what a file would change, and changes nothing', async () => {
    const { directory, call, url } = await running();
    writeFileSync(join(directory, 'next.json'), both('two', 'admin'));
    const people = await call('plan', 'next.json');
    expect(people.stdout).toMatch(
      /1 server would change, 1 server would not be touched\nACTION[^\n]*\nupdate +web .*routes/,
    );
    const programs = json(await call('plan', 'next.json', '--json'));
    expect(programs).toMatchObject({ type: 'plan', changes: [{ server: 'web', action: 'update' }] });
    expect((await call('plan')).stdout).toContain('nothing would change');
    expect(await body(url)).toBe('one');
  });

  test('plan and apply of a file that is not valid end with 3, and change nothing', async () => {
    const { directory, call, url } = await running();
    writeFileSync(join(directory, 'bad.json'), '{"servers":{"web":{"listen":"nowhere","routes":[]}}}');
    for (const command of ['plan', 'apply']) {
      const { code, stderr } = await call(command, 'bad.json');
      expect(stderr).toMatch(/^error {3}bad\.json:1:\d+: web\.listen: .*\(ERR_CONFIG\)\nhint {4}/);
      expect(code).toBe(3);
    }
    expect(await body(url)).toBe('one');
  });

  test('apply puts a file in force; with --dry-run it only says what it would do', async () => {
    const { directory, call, url } = await running();
    writeFileSync(join(directory, 'next.json'), both('two', 'admin'));
    expect((await call('apply', 'next.json', '--dry-run')).stdout).toContain('1 server would change');
    expect(await body(url)).toBe('one');
    const { code, stdout } = await call('apply', 'next.json', '--wait', '--timeout', '10s');
    expect(stdout).toMatch(/^outcome 2 committed in \d+ ms: update web\n$/);
    expect([code, await body(url)]).toEqual([0, 'two']);
    expect(json(await call('apply', 'next.json', '--json'))).toMatchObject({ type: 'apply', status: 'unchanged' });
  });

  test('apply of an address that is taken ends with 4, and is undone', async () => {
    const { directory, command, call, url } = await running();
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    writeFileSync(join(directory, 'next.json'), config('two', `127.0.0.1:${port}`));
    const { code, stderr } = await call('apply', 'next.json');
    expect(stderr).toMatch(/^error {3}web: .*\(ERR_\w+\)\nhint {4}/);
    expect([code, await body(url)]).toEqual([4, 'one']);
    await command.said(/error {3}web: .*\(ERR_\w+; hint: .+\)/);
    expect((await call('logs')).stderr).toMatch(/error {3}web: .*\(ERR_\w+; hint: .+\)/);
  });

  test('apply of more than a control socket takes is refused before it is sent', async () => {
    const { call, directory } = await running();
    const servers = `{ web: { listen: ':0', routes: [{ path: '/', respond: { body: 'x'.repeat(1_048_577) } }] } }`;
    writeFileSync(join(directory, 'large.mjs'), `export default { servers: ${servers} };`);
    for (const command of ['plan', 'apply']) {
      expect(await call(command, 'large.mjs')).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/more than the 1048576 bytes .*\(ERR_CONTROL_BODY\)\nhint/),
      });
    }
  });

  test('apply of code is refused: it cannot be sent', async () => {
    const { directory, call } = await running();
    writeFileSync(
      join(directory, 'code.mjs'),
      `export default { servers: { web: { listen: '127.0.0.1:0', app: () => new Response('x') } } };`,
    );
    const { code, stderr } = await call('apply', 'code.mjs');
    expect(stderr).toMatch(/servers\.web\.app is no data \(ERR_NOT_DATA\)\nhint/);
    expect(code).toBe(3);
  });

  test('what the cluster keeps until its next start is noted', async () => {
    const { directory, call } = await running();
    writeFileSync(join(directory, 'next.json'), both('two', 'admin', { commit: 'independent' }));
    expect((await call('apply', 'next.json')).stdout).toContain('note    commit stays atomic until the next start\n');
  });

  test('a drained server stays out through edits of the file, until it is resumed', async () => {
    const { call, url, file, command } = await running();
    expect((await call('drain', 'web', '--wait')).stdout).toMatch(/^outcome 2 committed .*stop web\n/);
    await expect(fetch(url)).rejects.toThrow();
    save(file, both('three', 'other'));
    await command.said(/outcome 3 committed/);
    await expect(fetch(url)).rejects.toThrow();
    expect((await call('servers')).stdout).toMatch(/^ID .* NOTE\nweb +stopped .*drained, until it is resumed\n/);
    expect(json(await call('servers', '--json')).drained).toEqual(['web']);
    expect((await call('resume', 'web')).code).toBe(0);
    const [web] = json(await call('servers', '--json')).servers;
    expect(await body(web.url)).toBe('three');
  });

  test('an order about a server that is not there names the one that was probably meant', async () => {
    const { call } = await running();
    const { code, stderr } = await call('drain', 'wbe');
    expect(stderr).toBe('error   there is no server "wbe" (ERR_UNKNOWN_SERVER)\nhint    did you mean web?\n');
    expect(code).toBe(4);
  });

  test('restart builds servers anew on their addresses', async () => {
    const { call, url } = await running();
    expect((await call('restart', 'web')).stdout).toMatch(/^outcome 2 committed .*: restart web\n/);
    expect((await call('restart')).stdout).toMatch(/^outcome 3 committed .*: restart web, restart admin\n/);
    expect(await body(url)).toBe('one');
  });

  test('SIGUSR2 builds all servers anew', async () => {
    const { command, url } = await running();
    command.child.kill('SIGUSR2');
    await command.said(/outcome 2 committed .*: restart web, restart admin/);
    expect(await body(url)).toBe('one');
  });

  test('logs shows what was said, as lines and as events, and follows', async () => {
    const { call, directory, file, command } = await running();
    expect((await call('logs', '-n', '1')).stdout).toMatch(/^\d{4}-\S+Z state {3}Running\n$/);
    const events = (await call('logs', '--json')).stdout.trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line).type)).toContain('outcome');
    const following = start(directory, ['logs', '-f']);
    await following.said(/state {3}Running/);
    save(file, both('two', 'admin'));
    await following.said(/outcome 2 committed/);
    save(file, '{');
    await following.said(/error {3}.*ERR_SOURCE_SYNTAX/);
    expect(following.stderr()).toContain('ERR_SOURCE_SYNTAX');
    await stop(command);
    expect(await following.ended).toBe(0);
  });

  test('logs ends when nobody reads it any more', async () => {
    const { directory, file } = await running();
    const following = start(directory, ['logs', '-f']);
    await following.said(/state {3}Running/);
    following.child.stdout?.destroy();
    let round = 0;
    const ended = following.ended;
    const talk = setInterval(() => save(file, both(`${round++}`, 'admin')), 100);
    expect(await ended.finally(() => clearInterval(talk))).toBe(0);
  });

  test('with --no-control nobody reaches it', async () => {
    const { call } = await running(['--no-control']);
    expect((await call('status')).stderr).toContain('ERR_CONTROL_NONE');
  });
});

describe('several clusters at once', () => {
  /** Three clusters of one machine: they share a directory of control sockets. */
  const three = async () => {
    const control = { SLUICE_CONTROL_DIR: join(directoryWith({}), 'control') };
    const commands = await Promise.all(
      ['blue', 'green', 'green'].map(async (name) => {
        const command = start(directoryWith({ 'sluice.config.json': config(name) }), ['run', '--name', name], control);
        await command.said(/state {3}Running/);
        return command;
      }),
    );
    const here = directoryWith({});
    return { commands, call: (...words: readonly string[]) => finish(here, words, control) };
  };

  test('are listed, and told apart by name or process id', async () => {
    const { commands, call } = await three();
    const list = await call('status');
    expect(list.stdout).toMatch(/^CLUSTER +PID +STATE.*\nblue .*\ngreen .*\ngreen .*\n$/);
    expect(json(await call('status', '--json')).clusters).toHaveLength(3);

    const none = await call('servers');
    expect(none.stderr).toMatch(
      /3 clusters run here: blue \(\d+\), green.*ERR_CONTROL_AMBIGUOUS\)\nhint {4}name one: --cluster blue/,
    );
    expect(none.code).toBe(1);
    expect((await call('servers', '-c', 'green')).stderr).toMatch(
      /2 clusters are called green: .*\nhint {4}name one: --cluster \d+/,
    );
    expect((await call('status', '-c', 'blue')).stdout).toMatch(/^blue \(\d+\) {2}Running/);
    expect((await call('servers', '-c', 'bleu')).stderr).toContain('did you mean blue?');

    // Where a name does not tell them apart, a process id does.
    commands[0]?.child.kill();
    await commands[0]?.ended;
    expect((await call('servers')).stderr).toMatch(/2 clusters run here: .*\nhint {4}name one: --cluster \d+/);

    expect((await call('restart', '-c', `${commands[2]?.child.pid}`)).code).toBe(0);
    expect(commands[2]?.stdout()).toContain('outcome 2 committed');
    expect(commands[1]?.stdout()).not.toContain('outcome 2');
  });

  test('one that was killed leaves a socket, which the next start removes', async () => {
    const { directory, command, call } = await running();
    const control = join(directory, '.control');
    command.child.kill('SIGKILL');
    await command.ended;
    const left = readdirSync(control);
    expect(left).toHaveLength(1);
    expect((await call('status')).stderr).toContain('ERR_CONTROL_NONE');
    const doctor = await call('doctor', '--json');
    expect(json(doctor).findings).toContainEqual(
      expect.objectContaining({ check: 'leftover', status: 'warn', message: expect.stringContaining(left[0] ?? '') }),
    );
    const next = start(directory, ['run']);
    await next.said(/state {3}Running/);
    expect(readdirSync(control)).toEqual([expect.stringContaining(`${next.child.pid}`)]);
  });

  test('one that hangs costs the time it was given, and the others are shown', async () => {
    const { commands, call } = await three();
    commands[0]?.child.kill('SIGSTOP');
    const { code, stdout, stderr } = await call('status', '--timeout', '500ms');
    expect(stderr).toMatch(/blue \(\d+\) did not finish in time \(ERR_CONTROL_TIMEOUT\)\nhint/);
    expect(stdout).toMatch(/\ngreen .*\ngreen .*\n$/);
    expect(code).toBe(5);
  });
});

describe('a directory of control sockets that is not private', () => {
  const faults: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['has another mode', (path) => mkdirSync(path, { mode: 0o755 }), /has mode 0755, not 0700/],
    ['is a link', (path) => symlinkSync(directoryWith({}), path), /is a symbolic link/],
    ['is a file', (path) => writeFileSync(path, ''), /is no directory/],
  ];

  test.each(faults)('that %s is not used: servers run without, or not at all with --control', async (_, make, why) => {
    const directory = directoryWith({ 'sluice.config.json': config('hello') });
    make(join(directory, '.control'));
    const command = start(directory, ['run']);
    await command.said(new RegExp(`error {3}.*${why.source} \\(ERR_CONTROL_DIRECTORY; hint: .+\\)`));
    const [, url = ''] = await command.said(/web running (\S+)/);
    expect(await body(url)).toBe('hello');
    const strict = await finish(directory, ['run', '--control']);
    expect(strict.stderr).toMatch(new RegExp(`${why.source} \\(ERR_CONTROL_DIRECTORY\\)\nhint`));
    expect(strict.code).toBe(4);
    const asked = await finish(directory, ['status']);
    expect(asked.stderr).toMatch(why);
    expect(asked.code).toBe(1);
  });
});
