import { describe, expect, test } from 'vitest';
import { type Module, readDoor, readModule } from './modules.ts';
import {
  cycles,
  emptyNames,
  implementationImports,
  type Layout,
  longFiles,
  unknownFiles,
  wrongDirections,
  wrongVendors,
} from './rules.ts';

const layout: Layout = {
  tiers: [['low', 'ground'], ['middle'], ['high']],
  vendors: [
    { name: 'rxjs', code: [''] },
    { name: 'node:http', code: ['middle/http'], types: ['low'] },
    { name: 'node:*', code: ['middle', 'high'] },
    { name: '@nats-io/*', code: ['middle/nats'] },
  ],
};
const lib = (files: Readonly<Record<string, string>>): readonly Module[] =>
  Object.entries(files).map(([path, text]) => readModule({ path: `lib/${path}`, text }));

describe('what a file imports', () => {
  test('is found in imports, re-exports, import types and dynamic imports, with its line', () => {
    const text = `import 'a';
import type { B } from 'b';
import { type C } from 'c';
export { d } from 'd';
export type { E } from 'e';
const f: import('f').F = await import('g');
const h = await import(somewhere);
`;
    expect(readModule({ path: 'lib/x.ts', text }).imports).toEqual([
      { specifier: 'a', typeOnly: false, line: 1 },
      { specifier: 'b', typeOnly: true, line: 2 },
      { specifier: 'c', typeOnly: false, line: 3 },
      { specifier: 'd', typeOnly: false, line: 4 },
      { specifier: 'e', typeOnly: true, line: 5 },
      { specifier: 'f', typeOnly: true, line: 6 },
      { specifier: 'g', typeOnly: false, line: 6 },
    ]);
  });
});

describe('direction', () => {
  test('a room imports the rooms below and itself', () => {
    const modules = lib({
      'low/a.ts': '',
      'middle/b.ts': `import '../low/a.ts'; import './c.ts';`,
      'middle/c.ts': '',
      'high/d.ts': `import '../middle/b.ts'; import type { A } from '../low/a.ts';`,
      'door.ts': `export { d } from './high/d.ts';`,
    });
    expect(wrongDirections(modules, layout)).toEqual([]);
  });

  test('a room that imports one above it is reported with its line', () => {
    const modules = lib({ 'low/a.ts': `\nimport type { B } from '../middle/b.ts';`, 'middle/b.ts': '' });
    expect(wrongDirections(modules, layout)).toEqual([
      'lib/low/a.ts:2 imports lib/middle/b.ts: low does not stand above middle',
    ]);
  });

  test('a room that imports its neighbour on the same tier is reported', () => {
    const modules = lib({ 'low/a.ts': `import '../ground/b.ts';`, 'ground/b.ts': '' });
    expect(wrongDirections(modules, layout)).toHaveLength(1);
  });

  test('a room that imports a door, or something outside lib, is reported', () => {
    const modules = lib({ 'high/a.ts': `import '../index.ts'; import '../../spec/b.ts';`, 'index.ts': '' });
    expect(wrongDirections(modules, layout)).toEqual([
      'lib/high/a.ts:1 imports the door lib/index.ts: doors are for those outside',
      'lib/high/a.ts:1 imports spec/b.ts, which is outside lib',
    ]);
  });

  test('a room without a tier is reported once', () => {
    expect(wrongDirections(lib({ 'attic/a.ts': '', 'attic/b.ts': '' }), layout)).toEqual([
      'lib/attic is in no tier: give the room its place in spec/architecture.spec.ts',
    ]);
  });

  test('an implementation folder is open to its own room and to doors, closed to other rooms', () => {
    const modules = lib({
      'middle/http/server.ts': '',
      'middle/kinds.ts': `import './http/server.ts';`,
      'high/a.ts': `import '../middle/http/server.ts';`,
      'door.ts': `export { server } from './middle/http/server.ts';`,
    });
    expect(implementationImports(modules)).toEqual([
      'lib/high/a.ts:1 imports lib/middle/http/server.ts, an implementation inside middle: import the contract of the room',
    ]);
  });

  test('an import that is not spelled like the file is reported', () => {
    const modules = lib({ 'low/a.ts': `import './b.js'; import './b.ts'; import './c.ts';`, 'low/b.ts': '' });
    expect(unknownFiles(modules)).toEqual([
      `lib/low/a.ts:1 imports './b.js', which is no file of lib (name it with .ts)`,
      `lib/low/a.ts:1 imports './c.ts', which is no file of lib (name it with .ts)`,
    ]);
  });
});

describe('cycles', () => {
  test('two ways to one file are no cycle', () => {
    const modules = lib({
      'low/a.ts': `import './b.ts'; import './c.ts';`,
      'low/b.ts': `import './d.ts';`,
      'low/c.ts': `import './d.ts';`,
      'low/d.ts': '',
    });
    expect(cycles(modules)).toEqual([]);
  });

  test('a circle of files is reported once, also when only types go round', () => {
    const modules = lib({
      'low/a.ts': `import './b.ts';`,
      'low/b.ts': `import './c.ts';`,
      'low/c.ts': `import type { B } from './b.ts';`,
    });
    expect(cycles(modules)).toEqual(['lib/low/b.ts → lib/low/c.ts → lib/low/b.ts']);
  });

  test('a file that imports itself is a cycle', () => {
    expect(cycles(lib({ 'low/a.ts': `import './a.ts';` }))).toEqual(['lib/low/a.ts → lib/low/a.ts']);
  });
});

describe('vendors', () => {
  test('a vendor is at home in its folder, subpaths included', () => {
    const modules = lib({
      'middle/http/a.ts': `import 'node:http'; import 'rxjs/operators';`,
      'middle/nats/b.ts': `import '@nats-io/kv';`,
      'middle/c.ts': `import 'node:fs/promises';`,
      'low/d.ts': `import type { IncomingMessage } from 'node:http';`,
    });
    expect(wrongVendors(modules, layout)).toEqual([]);
  });

  test('a vendor outside its folder is reported', () => {
    expect(wrongVendors(lib({ 'middle/a.ts': `import 'node:http';` }), layout)).toEqual([
      'lib/middle/a.ts:1 imports node:http, which belongs to middle/http',
    ]);
  });

  test('where only types are allowed, code is reported, and types in disguise are too', () => {
    const modules = lib({ 'low/a.ts': `import 'node:http';`, 'low/b.ts': `import { type Server } from 'node:http';` });
    expect(wrongVendors(modules, layout)).toHaveLength(2);
  });

  test('types are reported where neither code nor types are allowed', () => {
    expect(wrongVendors(lib({ 'high/a.ts': `import type { Server } from 'node:http';` }), layout)).toEqual([
      'lib/high/a.ts:1 imports types of node:http, which belongs to middle/http, low',
    ]);
  });

  test('a vendor that is in no list is reported, and a longer name is not its prefix', () => {
    expect(wrongVendors(lib({ 'low/a.ts': `import 'lodash'; import 'rxjs-extras';` }), layout)).toEqual([
      'lib/low/a.ts:1 imports lodash, which no folder may import',
      'lib/low/a.ts:1 imports rxjs-extras, which no folder may import',
    ]);
  });
});

describe('doors', () => {
  const door = (text: string): readonly string[] => readDoor({ path: 'lib/index.ts', text });

  test('named re-exports from rooms are a door', () => {
    expect(
      door(`// A comment.\nexport { a, b } from './low/a.ts';\nexport type { C } from './middle/http/c.ts';`),
    ).toEqual([]);
  });

  test.each([
    ['a star', `export * from './low/a.ts';`],
    ['a namespace', `export * as low from './low/a.ts';`],
    ['a value of its own', `export const a = 1;`],
    ['an import', `import { a } from './low/a.ts';`],
    ['an export without a source', `export {};`],
    ['a statement', `start();`],
    ['a vendor', `export { of } from 'rxjs';`],
    ['another door', `export { a } from './pool.ts';`],
    ['something outside lib', `export { a } from '../spec/a.ts';`],
    ['nothing', `// Soon.`],
  ])('%s is refused', (_, text) => {
    expect(door(text)).toHaveLength(1);
  });

  test('the fault is reported with its line', () => {
    expect(door(`export { a } from './low/a.ts';\nexport * from './low/b.ts';`)).toEqual([
      'lib/index.ts:2 re-exports everything: a door names what it lets through',
    ]);
  });
});

describe('names and sizes', () => {
  const named = (...paths: readonly string[]): readonly string[] =>
    emptyNames(paths.map((path) => ({ path: `lib/${path}`, text: '' })));

  test('a noun is a name, and the root door is index.ts', () => {
    expect(named('index.ts', 'cluster/plan.ts', 'config/base-url.ts', 'server/http/http.ts')).toEqual([]);
  });

  test.each(['low/utils.ts', 'low/http-helpers.ts', 'low/types.ts', 'shared/a.ts', 'low/common/a.ts', 'manager.ts'])(
    '%s is a drawer',
    (path) => {
      expect(named(path)).toHaveLength(1);
    },
  );

  test('an index.ts inside a room is refused, at any depth', () => {
    expect(named('low/index.ts', 'middle/http/index.ts')).toHaveLength(2);
  });

  test.each(['low/shareLatest.ts', 'low/share_latest.ts', 'Low/a.ts'])('%s is not kebab-case', (path) => {
    expect(named(path)).toHaveLength(1);
  });

  test('300 lines are the most a file may have', () => {
    const lines = (count: number): string => 'x\n'.repeat(count);
    expect(longFiles([{ path: 'lib/low/a.ts', text: lines(300) }])).toEqual([]);
    expect(longFiles([{ path: 'lib/low/a.ts', text: lines(301) }])).toEqual([
      'lib/low/a.ts has 301 lines (at most 300): look for a second noun',
    ]);
  });
});
