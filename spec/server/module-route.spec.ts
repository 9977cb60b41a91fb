import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import type { Route } from '../../lib/config/server-config.ts';
import { rig, running, saying } from '../cluster/fixtures/clusters.ts';
import { get } from '../listener/wire.ts';
import { serveRoutes } from './routing.ts';
import type { Serving } from './serving.ts';

let dir: string;

const MODULES: Readonly<Record<string, string>> = {
  'hono.ts': `
    import { Hono } from 'hono';
    const app = new Hono();
    app.use('*', async (c, next) => { await next(); c.header('x-mounted', 'yes'); });
    app.get('/', (c) => c.text('root'));
    app.get('/:id', (c) => c.text(c.req.param('id') + ' of ' + (c.req.param('tenant') ?? 'nobody') + ' at ' + c.req.path));
    app.get('/boom/now', () => { throw new Error('boom'); });
    export default app;
    export const own = new Hono().onError((error, c) => c.text('own: ' + error.message, 500)).get('/', () => { throw new Error('boom'); });
  `,
  'fetcher.mjs': `export default { fetch: (request) => new Response(new URL(request.url).pathname) };`,
  'handlers.ts': `
    import type { Context } from 'hono';
    export default (c: Context): Response => c.text('handled ' + c.req.param('id'));
    export const nothing = (): void => {};
    export class Page {}
    export const number = 7;
  `,
  'throws.ts': `throw new Error('no database');`,
  'hangs.ts': `await new Promise(() => {}); export default () => new Response();`,
  'broken.ts': `export default (;`,
  'empty.ts': `export {};`,
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-modules-'));
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(resolve('node_modules/hono'), join(dir, 'node_modules', 'hono'));
  for (const [name, text] of Object.entries(MODULES)) writeFileSync(join(dir, name), text);
  return () => rmSync(dir, { recursive: true, force: true });
});

const ask = async (serving: Serving, target: string) => {
  const wire = serving.dial();
  wire.write(get(target));
  const [answer] = await wire.responses();
  wire.socket.destroy();
  return answer;
};

const serveModule = (path: string, module: string, more: Partial<Route> = {}): Promise<Serving> =>
  serveRoutes(
    [
      { ...more, path, module },
      { path: '*', respond: { status: 418, body: 'other' } },
    ],
    dir,
  );

describe('a module', () => {
  test('with a Hono app is mounted where its route is', async () => {
    const serving = await serveModule('/:tenant/users/*', './hono.ts');
    expect(await ask(serving, '/some/users')).toMatchObject({ status: 200, body: 'root' });
    const user = await ask(serving, '/some/users/7');
    expect(user).toMatchObject({ status: 200, body: '7 of some at /some/users/7' });
    expect(user?.head).toMatch(/x-mounted: yes/);
    expect(await ask(serving, '/some/users/7/8/9')).toMatchObject({ status: 404 });
    expect(await ask(serving, '/elsewhere')).toMatchObject({ status: 418 });
  });

  test('with a Hono app can be all there is', async () => {
    const serving = await serveModule('*', './hono.ts#default');
    expect(await ask(serving, '/')).toMatchObject({ body: 'root' });
    expect(await ask(serving, '/7')).toMatchObject({ body: '7 of nobody at /7' });
  });

  test('with an object that has fetch gets requests as they come', async () => {
    expect(await ask(await serveModule('/a/*', './fetcher.mjs'), '/a/b')).toMatchObject({ status: 200, body: '/a/b' });
  });

  test('with a handler is a handler', async () => {
    expect(await ask(await serveModule('/a/:id', './handlers.ts'), '/a/7')).toMatchObject({ body: 'handled 7' });
  });

  test('answers the methods of its route, behind its middleware', async () => {
    const serving = await serveModule('/a/*', './hono.ts', { methods: ['POST'] });
    expect(await ask(serving, '/a/7')).toMatchObject({ status: 418 });
    const guarded = await serveModule('/a/*', './hono.ts', { middleware: [(c) => Promise.resolve(c.text('no', 403))] });
    expect(await ask(guarded, '/a/7')).toMatchObject({ status: 403, body: 'no' });
  });

  test('that fails at a request is reported like any handler, unless its app looks after that itself', async () => {
    const serving = await serveModule('/a/*', './hono.ts');
    const answer = await ask(serving, '/a/boom/now');
    expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error' });
    const id = /x-request-id: (.*)\r\n/i.exec(answer?.head ?? '')?.[1];
    expect(serving.log.loud()).toMatchObject([{ level: 'error', details: { requestId: id, path: '/a/boom/now' } }]);
    const own = await serveModule('/a/*', './hono.ts#own');
    expect(await ask(own, '/a')).toMatchObject({ status: 500, body: 'own: boom' });
    expect(own.log.loud()).toEqual([]);
    const nothing = await serveModule('/a', './handlers.ts#nothing');
    expect(await ask(nothing, '/a')).toMatchObject({ status: 500 });
    expect(nothing.log.loud()).toMatchObject([{ details: { error: { code: 'ERR_NO_RESPONSE' } } }]);
  });
});

/** What a push came to, and what the client of the old server is told after it. */
const push = async (
  module: string,
): Promise<{ readonly outcome: Outcome; readonly body: string | undefined; readonly ms: number }> => {
  const { cluster } = await running({ api: saying('old') }, { baseDir: dir, startTimeoutMs: 300 });
  const { url = '' } = cluster.snapshot.servers.api ?? {};
  const next = { listen: '127.0.0.1:0', routes: [{ path: '*', module }] };
  const startedAt = performance.now();
  const outcome = await cluster.apply({ api: next });
  return { outcome, body: await (await fetch(url)).text(), ms: performance.now() - startedAt };
};

describe('a module that cannot answer is refused by name, and the old server serves on', () => {
  test.each([
    ['that is missing', 'none.ts', 'ERR_MODULE_LOAD', 'there is no such file'],
    ['that is no code', '../package.json', 'ERR_MODULE_LOAD', 'its name is not that of a module'],
    ['that throws', 'throws.ts', 'ERR_MODULE_LOAD', 'the module threw: no database'],
    ['that cannot be compiled', 'broken.ts', 'ERR_MODULE_LOAD', 'broken.ts'],
    ['that exports nothing', 'empty.ts', 'ERR_MODULE_LOAD', 'it has no default export'],
    ['without the export', 'handlers.ts#other', 'ERR_MODULE_LOAD', 'it has no export named other'],
    ['that exports a class', 'handlers.ts#Page', 'ERR_MODULE_LOAD', 'its export Page can answer nothing'],
    ['that exports a number', 'handlers.ts#number', 'ERR_MODULE_LOAD', 'its export number can answer nothing'],
    ['that hangs', 'hangs.ts', 'ERR_MODULE_TIMEOUT', 'was not ready within 300 ms'],
  ])('%s', async (_, module, code, reason) => {
    const { outcome, body, ms } = await push(module);
    const [file = ''] = module.split('#');
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'api' });
    const cause = outcome.status === 'rolledBack' ? outcome.cause : undefined;
    expect(cause).toMatchObject({ code: 'ERR_APP', cause: { code, path: join(dir, file) } });
    expect(String(cause instanceof Error ? cause.cause : '')).toContain(reason);
    expect(body).toBe('old');
    expect(ms).toBeLessThan(11_000);
  });

  test('a module in force serves on when its next version cannot', async () => {
    const { cluster } = rig({ baseDir: dir });
    await cluster.start();
    const routes: readonly Route[] = [{ name: 'users', path: '/users/*', module: './hono.ts' }];
    expect(await cluster.apply({ api: { listen: '127.0.0.1:0', routes } })).toMatchObject({ status: 'committed' });
    const { url, config } = cluster.snapshot.servers.api ?? {};
    expect(config?.routes).toEqual([{ name: 'users', path: '/users/*', kind: 'module' }]);
    const bad: readonly Route[] = [...routes, { path: '/more', module: './throws.ts' }];
    expect(await cluster.apply({ api: { listen: '127.0.0.1:0', routes: bad } })).toMatchObject({
      status: 'rolledBack',
    });
    expect(await (await fetch(`${url}/users`)).text()).toBe('root');
  });
});
