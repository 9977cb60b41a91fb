import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { keepSecrets } from '../../lib/config/secrets.ts';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { addressIn, workerRig, workersRunning } from './rig.ts';

const baseDir = join(import.meta.dirname, 'modules');
const listen = '127.0.0.1:0';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'names-'));
  folders.push(made);
  return made;
};
afterEach(async () => {
  for (const each of folders.splice(0)) await rm(each, { recursive: true });
});

describe('code in a config', () => {
  test('is refused with its place, and the hint to name it', async () => {
    const { cluster } = await workersRunning({ a: saying('a') });
    const app = (): Response => new Response();
    const outcome = await cluster.apply({
      a: { listen, app },
      b: { listen, routes: [{ path: '/', handler: () => new Response() }] },
      c: { listen, routes: [{ path: '/', respond: {}, middleware: [async () => {}] }] },
    });
    expect(outcome).toMatchObject({
      status: 'rejected',
      issues: [
        { server: 'a', path: 'app', received: 'a function', hint: expect.stringContaining("app: './app.ts'") },
        { server: 'b', path: 'routes.0.handler', hint: expect.stringContaining('handler') },
        { server: 'c', path: 'routes.0.middleware.0', hint: expect.stringContaining('middleware') },
      ],
    });
    expect(() => cluster.plan({ a: { listen, app } })).toThrow('is code, which cannot be sent to a worker');
  });

  test('is refused every time, also as part of an independent commit', async () => {
    const { cluster } = await workersRunning({ a: saying('a') }, { commit: 'independent' });
    const config = { a: saying('b'), b: { listen, app: () => new Response() } };
    for (let time = 0; time < 2; time += 1) {
      const outcome = await cluster.apply({ ...config, a: saying(String(time)) });
      expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'b', cause: { code: 'ERR_CONFIG' } }] });
    }
  });
});

describe('names that stand for code', () => {
  test('are found by every worker: as modules, and in the module of code', async () => {
    const { cluster } = await workersRunning(
      {
        app: { listen, app: './app.mjs' },
        other: { listen, app: './app.mjs#other' },
        named: { listen, app: 'greeter' },
        handler: { listen, routes: [{ path: '/', handler: 'hello', middleware: ['marked'] }] },
      },
      { baseDir, code: 'code.mjs' },
    );
    const answers = await Promise.all(['app', 'other', 'named', 'handler'].map((id) => ask(addressIn(cluster, id))));
    expect(answers).toEqual(['from a module', 'another export', 'by name', 'a handler']);
    const marked = await fetch(`${cluster.snapshot.servers.handler?.url}/`);
    expect(marked.headers.get('x-marked')).toBe('yes');
  });

  test('say the same when they are the same', async () => {
    const { cluster } = await workersRunning({ a: { listen, app: './app.mjs' } }, { baseDir });
    expect(await cluster.apply({ a: { listen, app: './app.mjs' } })).toMatchObject({ status: 'unchanged' });
    expect(await cluster.apply({ a: { listen, app: './app.mjs#other' } })).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'update', fields: ['app'] }] },
    });
  });

  test('that lead nowhere undo the commit, with server, worker and cause', async () => {
    const { cluster } = await workersRunning({ a: saying('a') }, { baseDir, code: 'code.mjs' });
    expect(await cluster.apply({ a: saying('new'), b: { listen, app: './missing.mjs' } })).toMatchObject({
      status: 'rolledBack',
      server: 'b',
      cause: { code: 'ERR_WORKER_COMMIT', cause: { code: 'ERR_MODULE_LOAD' } },
    });
    expect(await cluster.apply({ b: { listen, app: 'greter' } })).toMatchObject({
      status: 'rolledBack',
      server: 'b',
      cause: { cause: { code: 'ERR_UNKNOWN_NAME' }, hint: expect.stringContaining('greeter') },
    });
    expect(await ask(addressIn(cluster, 'a'))).toBe('a');
  });

  test('cannot be found when the module of code cannot be used', async () => {
    const { cluster } = workerRig({ baseDir, code: 'wrong-code.mjs', respawn: false });
    // Workers with nothing to run look at no code.
    await cluster.start();
    expect(await cluster.apply({ a: { listen, app: 'greeter' } })).toMatchObject({
      status: 'rolledBack',
      server: 'a',
      cause: { cause: { code: 'ERR_MODULE_LOAD', message: expect.stringContaining('apps.greeter') } },
    });
  });

  test('in a server that is disabled are not looked for', async () => {
    const { cluster } = await workersRunning({ a: saying('a') }, { baseDir });
    const off = { listen, app: './missing.mjs', disabled: true };
    expect(await cluster.apply({ a: saying('new', listen, { dependsOn: ['b'] }), b: off })).toMatchObject({
      status: 'committed',
    });
    expect(cluster.snapshot.servers.b?.state).toBe('stopped');
  });

  test('lead to what the files hold now, after a restart of the servers', async () => {
    const base = await folder();
    await copyFile(join(baseDir, 'app.mjs'), join(base, 'app.mjs'));
    const { cluster } = await workersRunning({ a: { listen, app: './app.mjs' }, b: saying('b') }, { baseDir: base });
    const address = addressIn(cluster, 'a');
    await writeFile(join(base, 'app.mjs'), "export default () => new Response('changed');\n");
    expect(await cluster.restart(['a'])).toMatchObject({
      status: 'committed',
      plan: { changes: [{ server: 'a', action: 'update' }], unchanged: ['b'] },
    });
    expect([await ask(address), await ask(address)]).toEqual(['changed', 'changed']);
    expect(await cluster.restart(['c'])).toMatchObject({ status: 'rejected', issues: [{ server: 'c' }] });
    expect(await cluster.restart()).toMatchObject({ status: 'committed', plan: { unchanged: [] } });
  });
});

describe('values of the environment', () => {
  test('travel beside the config, and are shown by nobody', async () => {
    const { cluster, fake, journal } = await workersRunning({ a: saying('a') }, { baseDir });
    const secret = 'correct-horse-battery';
    const b = {
      listen,
      routes: [{ path: '/', respond: { headers: { authorization: secret } }, middleware: [secret] }],
    };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what stands in a config file.
    const written = '${TOKEN}';
    keepSecrets(b, [{ path: 'routes.0.middleware.0', written, values: { TOKEN: secret } }]);
    const outcome = await cluster.apply({ a: saying('a'), b });
    expect(outcome).toMatchObject({ status: 'rolledBack', cause: { message: expect.stringContaining(written) } });
    const prepare = fake.said.findLast(({ type }) => type === 'prepare');
    expect(prepare?.body).toMatchObject({
      config: { marks: { b: [{ written, values: { TOKEN: secret } }] } },
    });
    expect(JSON.stringify(cluster.snapshot.servers)).not.toContain(secret);
    expect(inspect([outcome, journal, cluster.snapshot], { depth: 20 })).not.toContain(secret);
  });
});

test('an accepted config belongs to the cluster, and its data cannot change any more', async () => {
  const a = { listen, app: './app.mjs', name: 'one' };
  const { cluster } = await workersRunning({ a }, { baseDir });
  expect(Object.isFrozen(a)).toBe(true);
  expect(await cluster.apply({ a })).toMatchObject({ status: 'unchanged' });
});
