import { join } from 'node:path';
import { NEVER } from 'rxjs';
import { expect, test } from 'vitest';
import { check } from '../../../lib/cli/commands/check.ts';
import { plain } from '../../../lib/cli/paint.ts';
import type { WorkersCount } from '../../../lib/config/workers-config.ts';
import { directoryWith } from '../command.ts';

const run = async (
  text: string,
  name = 'a.ts',
  timeoutMs?: number,
  workers?: WorkersCount,
  env: Readonly<Record<string, string>> = {},
) => {
  const written = { stdout: '', stderr: '' };
  const output = (stream: 'stdout' | 'stderr') => ({
    write: (piece: string): void => {
      written[stream] += piece;
    },
    flush: () => Promise.resolve(),
    gone$: NEVER,
  });
  const file = join(directoryWith({ [name]: text, 'app.ts': '' }), name);
  const code = await check(
    { file, json: false, workers, env, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    { stdout: output('stdout'), stderr: output('stderr'), paint: plain, paintErrors: plain, terminal: undefined },
  );
  return { code, stdout: written.stdout.replaceAll(file, 'it'), stderr: written.stderr.replaceAll(file, 'it') };
};

test('every server is shown with its address and what answers there', async () => {
  const { code, stdout } = await run(`export default { servers: {
    web: { listen: '127.0.0.1:8080', app: () => new Response('x') },
    admin: { listen: '127.0.0.1:0', routes: [{ path: '/a', respond: {} }, { path: '/b', respond: {} }] },
    edge: { listen: ':9090', routes: [], expose: 'https://example.org' },
    off: { listen: 'unix:/run/x.sock', routes: [], disabled: true },
  } };`);
  expect(stdout).toBe(`it is valid: it would serve 4 servers
  web    http://127.0.0.1:8080        an app
  admin  127.0.0.1:0 (any free port)  /a /b
  edge   https://example.org (:9090)  no routes
  off    unix:/run/x.sock (disabled)  no routes
`);
  expect(code).toBe(0);
});

test('on workers it says on how many, and names stand for code that they load', async () => {
  const named = (workers: string): string =>
    `{ "servers": { "web": { "listen": "127.0.0.1:8080", "app": "./app.ts" } }${workers} }`;
  expect(await run(named(', "workers": { "count": 2 }'), 'a.json')).toEqual({
    code: 0,
    stdout: 'it is valid: it would serve 1 server on 2 workers\n  web  http://127.0.0.1:8080  an app\n',
    stderr: '',
  });
  expect((await run(named(', "workers": {}'), 'a.json')).stdout).toContain('1 server on a worker for each CPU\n');
  expect((await run(named(', "workers": 2'), 'a.json', undefined, 'physical')).stdout).toContain('for each core\n');
  expect((await run(named(''), 'a.json', undefined, 1)).stdout).toContain('1 server on 1 worker\n');
  expect((await run(named(''), 'a.json')).code).toBe(3);
});

test('code that is named and is not there is told, without importing any', async () => {
  const server = { listen: '127.0.0.1:8080', routes: [{ path: '/', handler: './app.ts#some' }] };
  const text = (workers: object, app: string): string =>
    JSON.stringify({ workers, servers: { web: { listen: '127.0.0.1:8081', app }, api: server } });
  const gone = await run(text({ code: './gone.mjs' }, './nope.mjs#x'), 'a.json');
  expect(gone.code).toBe(3);
  expect(gone.stdout).toContain('it is not valid');
  expect(gone.stderr).toContain('web.app: there is no file ./nope.mjs (ERR_CONFIG)');
  expect(gone.stderr).toContain('workers.code: there is no file ./gone.mjs (ERR_CONFIG)');
  const bare = await run(text({}, 'app.ts'), 'a.json');
  expect(bare.code).toBe(3);
  expect(bare.stderr).toMatch(/nothing gives code to the app "app.ts" .*\nhint {4}for a module write '.\/app.ts'/);
  expect((await run(text({ code: './app.ts' }, 'shop'), 'a.json')).code).toBe(0);
});

test('WEB_CONCURRENCY says how many workers, where the file does not', async () => {
  const text = (workers: unknown): string => JSON.stringify({ workers, servers: {} });
  const on = (workers: unknown, env: string) =>
    run(text(workers), 'a.json', undefined, undefined, { WEB_CONCURRENCY: env });
  expect((await on('auto', '3')).stdout).toContain('on 3 workers');
  expect((await on(2, '3')).stdout).toContain('on 2 workers');
  const wrong = await on({}, 'x');
  expect(wrong.code).toBe(3);
  expect(wrong.stderr).toContain('WEB_CONCURRENCY must be a whole number from 1 to 8192, not "x" (ERR_OPTIONS)');
});

test('with workers, code in a file is refused where it stands, with what to write instead', async () => {
  const text = `export default { servers: { web: { listen: '127.0.0.1:8080', app: () => new Response('x') } } };`;
  expect((await run(text)).code).toBe(0);
  expect(await run(text, 'a.ts', undefined, 'auto')).toEqual({
    code: 3,
    stdout: '',
    stderr: `error   it: web.app: is code, which cannot be sent to a worker (ERR_CONFIG)
hint    name a module, which every worker loads: app: './app.ts'
`,
  });
});

test('settings of workers that are wrong are refused with their place', async () => {
  const { code, stderr } = await run('{ "servers": {},\n  "workers": { "cuont": 2 } }', 'a.json');
  expect(code).toBe(3);
  expect(stderr).toContain('it:2:');
  expect(stderr).toContain("did you mean 'count'?");
});

test('a server on a range of ports takes the first free one of them', async () => {
  const { stdout } = await run(`export default { servers: {
    some: { listen: ':8000-8010', routes: [], expose: 'http://localhost:{port}' },
    one: { listen: ':8080', routes: [], expose: 'http://{host}:{port}/shop' },
  } };`);
  expect(stdout).toBe(`it is valid: it would serve 2 servers
  some  :8000-8010 (the first free port)    no routes
  one   http://localhost:8080/shop (:8080)  no routes
`);
});

test('of a stream the first configuration is checked', async () => {
  const stream = (first: string): string =>
    `export default async function* () { yield ${first}; await new Promise(() => {}); }`;
  expect((await run(stream('{ servers: {} }'))).code).toBe(0);
  expect((await run(stream('{ servers: 5 }'))).code).toBe(3);
});

test('a stream that says nothing is given up with 5, one that ends without a word with 3', async () => {
  const silent = await run(
    'export default { async *[Symbol.asyncIterator]() { await new Promise(() => {}); } };',
    'a.ts',
    50,
  );
  expect(silent).toMatchObject({ code: 5, stderr: expect.stringContaining('ERR_SOURCE_TIMEOUT') });
  const empty = await run('export default (async function* () {})();');
  expect(empty).toMatchObject({ code: 3, stderr: expect.stringContaining('ERR_SOURCE_SILENT') });
});

test('with independent commits what would be left out is named, and the file is not valid', async () => {
  const text = JSON.stringify({
    commit: 'independent',
    servers: { good: { listen: '127.0.0.1:1', routes: [] }, bad: { listen: 'nowhere', routes: [] } },
  });
  const { code, stdout, stderr } = await run(text, 'a.json');
  expect(stdout).toBe('it is not valid: only 1 server would be served\n  good  http://127.0.0.1:1  no routes\n');
  expect(stderr).toMatch(/^error {3}it:1:\d+: bad\.listen: /);
  expect(code).toBe(3);
});
