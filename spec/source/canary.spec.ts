import { type ChildProcess, spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from './reading.ts';

const root = join(import.meta.dirname, '..', '..');

/** By its path: the command runs in a directory that has no packages. */
const loader = join(root, 'node_modules', 'jiti', 'lib', 'jiti-register.mjs');

const CANARY = 'canary-7f3a9c51d2e84b60';

/** A text with variables; the lint rule knows the syntax from template literals only. */
const v = (text: string): string => text.replaceAll('#{', '${');

/** A configuration in which secrets stand wherever secrets may stand. */
const good = v(`
servers:
  web:
    listen: 127.0.0.1:0
    routes:
      - { path: /, respond: { body: "#{SECRET}", headers: { x-token: "Bearer #{SECRET}" } } }
      - { path: /json, respond: { json: { token: "#{SECRET}" } } }
      - path: /inside
        middleware: [{ basicAuth: { users: [{ username: me, password: "#{SECRET}" }] } }]
        respond: { body: inside }
      - path: /token
        middleware: [{ bearerAuth: { tokens: ["#{SECRET}"] } }]
        respond: { body: inside }
`);

/** The same with each of these mistakes in it. */
const mistakes = [
  'maxConnections: "#{SECRET}"',
  'name: "#{LINES}"',
  'expose: "#{SECRET}"',
  'strategy: "#{SECRET}"',
  'prot: "#{SECRET}"',
  'middleware: ["#{SECRET}"]',
  'middleware: [{ timeout: "#{SECRET}" }]',
  'restart: "#{SECRET}"',
].map((line) => good.replace('listen:', v(`${line}\n    listen:`)));

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<unknown>;
}

/** The command, from its sources: what it is made of at this moment, and not at the last build. */
const sluice = (cwd: string, ...args: readonly string[]): Running => {
  const child = spawn(process.execPath, ['--import', loader, join(root, 'lib/cli/main.ts'), ...args], {
    cwd,
    env: {
      ...process.env,
      XDG_RUNTIME_DIR: cwd,
      XDG_STATE_HOME: cwd,
      SECRET: CANARY,
      LINES: `${CANARY}\n${CANARY}`,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
};

const said = (running: Running, pattern: RegExp): Promise<void> =>
  expect.poll(running.output, { timeout: 20_000 }).toMatch(pattern);

test.each([['--json'], []])(
  'run %s shows no value of the environment, good file or bad',
  async (...args) => {
    const directory = temporaryDirectory();
    const file = join(directory, 'sluice.config.yaml');
    writeFileSync(file, good);
    const running = sluice(directory, 'run', ...args);
    await said(running, /http:\/\/127\.0\.0\.1:\d+/);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output()) ?? [''];
    // It is there, and it is served to whom it is meant for.
    expect(await (await fetch(url)).text()).toBe(CANARY);
    expect((await fetch(`${url}/token`, { headers: { authorization: `Bearer ${CANARY}` } })).status).toBe(200);
    expect((await fetch(`${url}/inside`)).status).toBe(401);
    for (const [index, text] of mistakes.entries()) {
      writeFileSync(`${file}.tmp`, text);
      renameSync(`${file}.tmp`, file);
      await expect
        .poll(() => running.output().match(/"status":"invalid"|is not valid/g)?.length ?? 0, { timeout: 10_000 })
        .toBeGreaterThan(index);
    }
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.output()).toContain('the value of SECRET is not a whole number');
    expect(running.output()).not.toMatch(/canary|7f3a9c51/);
  },
  60_000,
);

test.each([['--json'], []])(
  'check %s shows none either',
  async (...args) => {
    const directory = temporaryDirectory();
    for (const [index, text] of [good, mistakes[0] ?? '', mistakes[5] ?? ''].entries()) {
      const name = `${index}.yaml`;
      writeFileSync(join(directory, name), text);
      const running = sluice(directory, 'check', name, ...args);
      await running.ended;
      expect(running.output()).toContain(name);
      expect(running.output()).not.toMatch(/canary|7f3a9c51/);
    }
  },
  60_000,
);

test('a configuration that is sent to a cluster shows none on either side', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'sluice.config.yaml');
  const sent = join(directory, 'sent.yaml');
  writeFileSync(file, 'servers: { web: { listen: "127.0.0.1:0", routes: [{ path: /, respond: { body: first } }] } }');
  writeFileSync(sent, good);
  const running = sluice(directory, 'run', '--json', '--no-watch');
  await said(running, /http:\/\/127\.0\.0\.1:\d+/);
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output()) ?? [''];
  for (const args of [
    ['apply', sent],
    ['plan', sent],
    ['status'],
    ['servers', '--json'],
    ['drain', 'web'],
    ['status'],
  ]) {
    const order = sluice(directory, ...args);
    await order.ended;
    expect(order.output(), args.join(' ')).not.toMatch(/canary|7f3a9c51/);
    if (args[0] === 'apply') expect(await (await fetch(url)).text()).toBe(CANARY);
  }
  running.child.kill('SIGTERM');
  await running.ended;
  expect(running.output()).not.toMatch(/canary|7f3a9c51/);
}, 60_000);
