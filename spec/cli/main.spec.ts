import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Command, config, directoryWith, finish, ON_TERMINAL, start } from './command.ts';

const save = (path: string, text: string): void => {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
};

const body = async (url: string): Promise<string> => (await fetch(url)).text();

/** Starts to serve one file and gives the URL it answers on. */
const serving = async (
  text: string,
  args: readonly string[] = [],
  name = 'sluice.config.json',
): Promise<{ readonly command: Command; readonly url: string; readonly file: string }> => {
  const directory = directoryWith({ [name]: text });
  const command = start(directory, ['run', ...args]);
  const [, url = ''] = await command.said(/web(?:"| running).*?(http:\/\/[\d.]+:\d+)/);
  return { command, url, file: join(directory, name) };
};

/** A server of this process, on a port nobody else can have meanwhile. */
const takePort = async (): Promise<number> => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** A module whose server answers `/slow` once something is written to the standard input of the command. */
const SLOW = `
const told = new Promise((resolve) => { process.stdin.once('data', resolve); });
export default { servers: { web: { listen: '127.0.0.1:0', app: async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/throw') setTimeout(() => { throw new Error('nobody catches this'); });
  if (pathname === '/slow') {
    console.error('the slow request is here');
    await told;
  }
  return new Response('answered');
} } } };`;

/** A command with one request under way, which ends when `finish` is called. */
const servingSlowly = async () => {
  const { command, url } = await serving(SLOW, [], 'sluice.config.mjs');
  const answer = body(`${url}/slow`).catch(() => 'cut');
  await command.said(/the slow request is here/);
  return { command, url, answer, finish: () => void command.child.stdin?.write('go') };
};

describe('the command line', () => {
  const nowhere = (): string => directoryWith({});

  test.each([
    [['--help'], /Usage: sluice <command>[\s\S]*Example:/],
    [['run', '--help'], /Usage: sluice run[\s\S]*Example:\n.*\n.*\n {2}sluice run/],
    [['check', '-h'], /Usage: sluice check[\s\S]*Example:\n {2}sluice check/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
  ])('%j explains itself and ends with 0', async (args, expected) => {
    const { code, stdout, stderr } = await finish(nowhere(), args);
    expect(stdout).toMatch(expected);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    [[], 'a command is missing'],
    [['rnu'], 'did you mean run?'],
    [['run', '--no-wach'], 'did you mean --no-watch?'],
    [['run'], 'there is no sluice.config.'],
  ])('%j is misuse: what is wrong, what was meant, how it is used, and 2', async (args, expected) => {
    const { code, stdout, stderr } = await finish(nowhere(), args);
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/ERR_USAGE[\s\S]*hint .*usage: sluice/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('check', () => {
  test('a valid file ends with 0, and says what would be served', async () => {
    const { code, stdout, stderr } = await finish(directoryWith({ 'a.json': config('x', '127.0.0.1:8080') }), [
      'check',
      'a.json',
    ]);
    expect(stdout).toBe('a.json is valid: it would serve 1 server\n  web  http://127.0.0.1:8080  /\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('an invalid file ends with 3, and says where it is wrong and what to do', async () => {
    const directory = directoryWith({
      'sluice.config.yaml': 'servers:\n  web:\n    listen: nowhere\n    routes: []\n',
    });
    const { code, stdout, stderr } = await finish(directory, ['check']);
    expect(stderr).toMatch(/^error {3}sluice\.config\.yaml:3:5: web\.listen: .*\(ERR_CONFIG\)\nhint {4}\S/);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test('with --json it is one object, valid or not', async () => {
    const directory = directoryWith({ 'a.json': config('x'), 'b.json': '{' });
    const [good, bad] = await Promise.all(
      ['a.json', 'b.json'].map((file) => finish(directory, ['check', file, '--json'])),
    );
    expect(JSON.parse(good?.stdout ?? '')).toMatchObject({
      type: 'check',
      valid: true,
      servers: [{ id: 'web', routes: ['/'] }],
    });
    expect(JSON.parse(bad?.stdout ?? '')).toMatchObject({
      type: 'check',
      valid: false,
      problems: [{ code: 'ERR_SOURCE_SYNTAX', file: 'b.json', line: 1, column: 2 }],
    });
    expect([good?.code, bad?.code, good?.stderr, bad?.stderr]).toEqual([0, 3, '', '']);
  });
});

describe('code in a configuration', () => {
  const checked = async (code: string) => {
    const directory = directoryWith({ 'a.mjs': `${code}\nexport default { servers: {} };` });
    const call = (...args: readonly string[]) => finish(directory, ['check', 'a.mjs', ...args]);
    return { people: await call(), programs: await call('--json') };
  };

  test('that throws where nobody catches is an error like any other', async () => {
    const { people, programs } = await checked("queueMicrotask(() => { throw new Error('late\\u001b[2J') });");
    expect(people.stderr).toMatch(/^error {3}late\\u\{1b\}\[2J \(ERR_UNEXPECTED\)\nhint/);
    expect(JSON.parse(programs.stdout)).toMatchObject({ type: 'error', code: 'ERR_UNEXPECTED' });
    expect([people.code, people.stdout, programs.code, programs.stderr]).toEqual([1, '', 1, '']);
  });

  test('that ends the process does not pass for a valid file', async () => {
    const { people, programs } = await checked('process.exit(0);');
    expect(people.stderr).toMatch(/^error {3}code in the configuration ended the program .*\nhint/);
    expect(JSON.parse(programs.stdout)).toMatchObject({ type: 'error', message: expect.stringContaining('ended') });
    expect([people.code, programs.code]).toEqual([1, 1]);
  });

  test('that writes to the console does not write between the JSON', async () => {
    const { people, programs } = await checked("console.log('noise'); console.table([{ a: 1 }]);");
    expect(people.stdout).toMatch(/^noise\n/);
    expect(JSON.parse(programs.stdout)).toMatchObject({ type: 'check', valid: true });
    expect(programs.stderr).toMatch(/^noise\n/);
  });

  test('is heard as log lines while it is served', async () => {
    const app =
      "() => { console.log('one\\ntwo', { a: ['x'.repeat(90)] }); console.warn('care'); return new Response('x'); }";
    const directory = directoryWith({
      'a.mjs': `export default { servers: { web: { listen: '127.0.0.1:0', app: ${app} } } };`,
    });
    const command = start(directory, ['run', 'a.mjs', '--json']);
    const [, url = ''] = await command.said(/"url":"([^"]+)"/);
    await body(url);
    await command.said(/care/);
    const lines = command.stdout().trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'log')).toMatchObject([
      { level: 'info', message: `one\ntwo { a: [ '${'x'.repeat(90)}' ] }` },
      { level: 'warn', message: 'care' },
    ]);
  });
});

describe('run', () => {
  test('it serves the default file and says on which port it really answers', async () => {
    const { url } = await serving(config('hello'));
    expect(new URL(url).port).not.toBe('0');
    expect(await body(url)).toBe('hello');
  });

  test('it follows edits, on the same port', async () => {
    const { command, url, file } = await serving(config('one'));
    save(file, config('two'));
    await command.said(/outcome 2 committed .*update web/);
    expect(await body(url)).toBe('two');
  });

  test('a broken edit is named with its place and a hint, and changes nothing', async () => {
    const { command, url, file } = await serving(config('one'));
    save(file, config('two').replace('"listen"', 'listen'));
    await command.said(
      /error {3}sluice\.config\.json:4:7: .*\(ERR_SOURCE_SYNTAX; hint: put keys and texts in double quotes\)\n/,
    );
    expect(await body(url)).toBe('one');
    save(file, config('three'));
    await command.said(/outcome 2 committed/);
    expect(await body(url)).toBe('three');
  });

  test('an edit that cannot be put in force is undone, with the port and a hint', async () => {
    const taken = await takePort();
    const { command, url, file } = await serving(config('one'));
    save(file, config('two', `127.0.0.1:${taken}`));
    await command.said(
      new RegExp(`error {3}web: cannot bind 127\\.0\\.0\\.1:${taken}: EADDRINUSE \\(ERR_BIND; hint: .+\\)\\n`),
    );
    expect(await body(url)).toBe('one');
    expect(command.stdout()).toMatch(/outcome 2 rolledBack .*nothing was changed/);
    const mentions = `${command.stdout()}${command.stderr()}`.split('\n').filter((line) => line.includes('EADDRINUSE'));
    expect(mentions).toHaveLength(1);
  });

  test('without a terminal every event is one line that begins with its time', async () => {
    const { command, file } = await serving(config('one'));
    save(file, '{');
    await command.said(/error/);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    const lines = `${command.stdout()}${command.stderr()}`.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z [a-z]+ +\S/);
    expect(command.stdout()).not.toContain('\u001b');
  });

  test('with --json every line is an event, and nothing else is written', async () => {
    const { command, file } = await serving(config('one'), ['--json']);
    save(file, '{');
    await command.said(/"type":"error"/);
    save(file, config('two'));
    await command.said(/"revision":2,"status":"committed"/);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(command.stderr()).toBe('');
    const events = command
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const { at } of events) expect(new Date(at).toISOString()).toBe(at);
    const types = new Set(events.map(({ type }) => type));
    expect([...types].sort()).toEqual(['config', 'error', 'log', 'outcome', 'server', 'snapshot', 'state', 'stopped']);
    expect(events.find(({ type }) => type === 'error')).toMatchObject({
      code: 'ERR_SOURCE_SYNTAX',
      file: 'sluice.config.json',
      line: 1,
      column: 2,
      hint: expect.stringMatching(/./),
    });
    expect(events.findLast(({ type }) => type === 'snapshot')).toMatchObject({
      state: 'Stopped',
      servers: [{ id: 'web' }],
    });
  });

  test('what comes from elsewhere cannot write to the terminal', async () => {
    const { command, file } = await serving(`export default ${config('one')}`, [], 'sluice.config.mjs');
    save(file, `throw new Error('\\u001b]0;owned\\u0007\\nfake line \\u202e')`);
    await command.said(/owned.*fake/);
    const written = command.stdout() + command.stderr();
    expect(written).toContain('\\u{1b}]0;owned\\u{7}\\nfake line \\u{202e}');
  });
});

describe('how run ends', () => {
  test('a first file that is not valid ends it with 3', async () => {
    const { code, stdout, stderr } = await finish(directoryWith({ 'a.json': '{"servers": {"web": {}}}' }), [
      'run',
      'a.json',
    ]);
    expect(stderr).toMatch(/^error {3}a\.json:1:14: web.* \(ERR_CONFIG\)\nhint {4}/);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test('a first file that is missing ends it with 3, in JSON too', async () => {
    const { code, stdout, stderr } = await finish(directoryWith({}), ['run', 'a.json', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'ERR_SOURCE_MISSING', file: 'a.json' });
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  });

  test('an address that is taken ends it with 4, named, with a hint', async () => {
    const taken = await takePort();
    const { code, stderr } = await finish(directoryWith({ 'a.json': config('x', `127.0.0.1:${taken}`) }), [
      'run',
      'a.json',
    ]);
    expect(stderr).toMatch(
      new RegExp(`^error {3}web: cannot bind 127\\.0\\.0\\.1:${taken}: EADDRINUSE \\(ERR_BIND\\)\\nhint {4}`),
    );
    expect(code).toBe(4);
  });

  test('with independent commits it serves what can be served, and ends with 4 when that is nothing', async () => {
    const taken = `127.0.0.1:${await takePort()}`;
    const both = (other: string): string =>
      JSON.stringify({
        commit: 'independent',
        servers: { taken: { listen: taken, routes: [] }, other: { listen: other, routes: [] } },
      });
    const command = start(directoryWith({ 'a.json': both('127.0.0.1:0') }), ['run', 'a.json']);
    await command.said(/server {2}other running/);
    await command.said(/error {3}taken: cannot bind/);
    const directory = directoryWith({ 'a.json': both(taken.replace('127.0.0.1', 'localhost')) });
    writeFileSync(
      join(directory, 'a.json'),
      JSON.stringify({ commit: 'independent', servers: { taken: { listen: taken, routes: [] } } }),
    );
    expect((await finish(directory, ['run', 'a.json'])).code).toBe(4);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s lets the request under way finish, and ends with 0', async (signal) => {
    const { command, answer, finish: letFinish } = await servingSlowly();
    command.child.kill(signal);
    await command.said(/server {2}web draining/);
    letFinish();
    expect(await answer).toBe('answered');
    expect(await command.ended).toBe(0);
    expect(command.stdout()).toContain('stopped nothing was cut');
  });

  test('SIGINT after SIGTERM ends it at once', async () => {
    const { command, answer } = await servingSlowly();
    command.child.kill('SIGTERM');
    await command.said(/server {2}web draining/);
    command.child.kill('SIGINT');
    expect(await command.ended).toBe(130);
    expect(await answer).toBe('cut');
  });

  test('SIGHUP reads the file again, also when it is not watched', async () => {
    const { command, url, file } = await serving(config('one'), ['--no-watch']);
    save(file, config('two'));
    command.child.kill('SIGHUP');
    await command.said(/outcome 2 committed/);
    expect(await body(url)).toBe('two');
    command.child.kill('SIGHUP');
    await command.said(/outcome 3 unchanged/);
  });

  test('a reader that leaves costs lines and nothing else', async () => {
    const { command, url, file } = await serving(config('one'));
    command.child.stdout?.destroy();
    command.child.stderr?.destroy();
    for (const text of ['two', 'three']) {
      save(file, config(text));
      await expect.poll(() => body(url), { timeout: 5_000 }).toBe(text);
    }
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(0);
  });

  test('a terminal that is gone stops it, after the requests under way', async () => {
    const command = start(directoryWith({ 'sluice.config.mjs': SLOW }), ['run'], ON_TERMINAL);
    const [, url = ''] = await command.said(/web +running +(http:\/\/[\d.]+:\d+)/);
    const answer = body(`${url}/slow`);
    await command.said(/the slow request is here/);
    command.child.stdout?.destroy();
    await expect.poll(() => body(url).catch(() => 'closed'), { timeout: 5_000 }).toBe('closed');
    command.child.stdin?.write('go');
    expect(await answer).toBe('answered');
    expect(await command.ended).toBe(0);
  });

  test('the table shows its last lines although a second signal ends it at once', async () => {
    const command = start(directoryWith({ 'sluice.config.mjs': SLOW }), ['run'], ON_TERMINAL);
    const [, url = ''] = await command.said(/web +running +(http:\/\/[\d.]+:\d+)/);
    const answer = body(`${url}/slow`).catch(() => 'cut');
    await command.said(/the slow request is here/);
    command.child.kill('SIGTERM');
    await command.said(/SIGTERM: stopping/);
    command.child.kill('SIGINT');
    expect(await command.ended).toBe(130);
    expect(await answer).toBe('cut');
    expect(command.stdout()).toContain('SIGINT again: exiting at once');
  });

  test('what its code throws where nobody catches ends it with 1, after the requests under way', async () => {
    const { command, url, answer, finish: letFinish } = await servingSlowly();
    expect(await body(`${url}/throw`)).toBe('answered');
    // The line it was written on, and no column: code that was compiled has others.
    await command.said(
      /error {3}nobody catches this \(ERR_UNEXPECTED; hint: .+\) at .*sluice\.config\.mjs:5\)?(?: at |\n)/,
    );
    await command.said(/server {2}web draining/);
    letFinish();
    expect(await answer).toBe('answered');
    expect(await command.ended).toBe(1);
  });
});
