import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { readDoor, readModule } from './architecture/modules.ts';
import {
  cycles,
  emptyNames,
  implementationImports,
  type Layout,
  longFiles,
  unknownFiles,
  wrongDirections,
  wrongVendors,
} from './architecture/rules.ts';
import { undocumented } from './architecture/tsdoc.ts';

/** The rooms of `lib/` and the vendors each may know. A new room or vendor gets its place here first. */
const layout: Layout = {
  tiers: [
    ['reactive', 'config', 'log'],
    ['listener', 'supervision', 'module', 'file', 'health', 'cpus'],
    ['source', 'middleware'],
    ['server'],
    ['cluster'],
    ['pool', 'metrics'],
    ['workers'],
    ['worker-cluster'],
    ['admin'],
    ['cli'],
  ],
  vendors: [
    { name: 'rxjs', code: [''] },
    { name: 'valibot', code: ['config', 'workers', 'worker-cluster'] },
    { name: 'hono', code: ['middleware', 'server', 'admin', 'metrics'], types: ['config'] },
    { name: '@hono/node-server', code: ['server/http'] },
    { name: 'consola', code: ['log/consola.ts', 'cli'] },
    { name: 'yaml', code: ['source/yaml'] },
    { name: 'jiti', code: ['module/jiti'] },
    { name: 'undici', code: ['server/undici', 'source/http', 'cli/control', 'health/http'] },
    { name: 're2js', code: ['pool'] },
    { name: 'prom-client', code: ['metrics/prom-client'], types: ['metrics'] },
    { name: '@opentelemetry/api', code: ['metrics/opentelemetry'], types: ['metrics'] },
    { name: 'ws', code: ['server/websocket'] },
    { name: 'yocto-spinner', code: ['cli'] },
    { name: 'node:http', code: ['server/http'], types: ['config'] },
    { name: 'node:http2', code: ['server/http2'], types: ['server/http'] },
    { name: 'node:tls', code: ['server/tls'], types: ['server'] },
    { name: 'node:net', code: ['listener', 'health/tcp', 'server/proxy/forwarded.ts', 'workers'] },
    { name: 'node:stream', code: ['server', 'cli/divert-console.ts'], types: ['config', 'listener'] },
    {
      name: 'node:*',
      code: [
        'listener',
        'module',
        'file',
        'cpus',
        'health/http',
        'source',
        'middleware',
        'server',
        'admin',
        'metrics',
        'workers',
        'worker-cluster',
        'cli',
      ],
    },
  ],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => posix.join('lib', path.replaceAll('\\', '/')))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const modules = sources.map(readModule);
const doors = sources.filter(({ path }) => !path.slice('lib/'.length).includes('/'));

test('lib has files and the root door', () => {
  expect(doors.map(({ path }) => path)).toContain('lib/index.ts');
});

test('rooms import only the rooms below them', () => {
  expect(wrongDirections(modules, layout)).toEqual([]);
});

test('no room reaches into an implementation of another', () => {
  expect(implementationImports(modules)).toEqual([]);
});

test('every import names a file as it is called', () => {
  expect(unknownFiles(modules)).toEqual([]);
});

test('no file imports itself, however long the way round', () => {
  expect(cycles(modules)).toEqual([]);
});

test('vendors are imported only in their folders', () => {
  expect(wrongVendors(modules, layout)).toEqual([]);
});

test('doors contain nothing but named re-exports', () => {
  expect(doors.flatMap(readDoor)).toEqual([]);
});

test('files are named after what they contain, and rooms have no index', () => {
  expect(emptyNames(sources)).toEqual([]);
});

test('no file is so long that it hides a second noun', () => {
  expect(longFiles(sources)).toEqual([]);
});

test('every name a door lets through has TSDoc', () => {
  const paths = doors.map(({ path }) => join(root, path));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram(paths, options);
  const missing = paths.flatMap((path) => undocumented(program, path));
  expect(missing.map((fault) => fault.slice(root.length))).toEqual([]);
});
