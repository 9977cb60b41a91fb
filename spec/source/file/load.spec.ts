import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileSource } from '../../../lib/source/file-source.ts';
import { type Reading, read, summary, temporaryDirectory } from '../reading.ts';

/** A project directory with these files. */
const project = (files: Readonly<Record<string, string>>): ((name: string) => string) => {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return (name) => join(root, name);
};

const servers = (port: number | string): string =>
  `{ servers: { web: { listen: '127.0.0.1:' + ${port}, routes: [] } } }`;

const once = async (text: string, importTimeoutMs = 10_000): Promise<string> => {
  const path = project({ 'sluice.config.ts': text })('sluice.config.ts');
  const reading = read(fileSource(path, { watch: false, importTimeoutMs }));
  const [event] = await reading.next(0);
  return summary(event).replaceAll(path, 'it');
};

const last = (reading: Reading): string => summary(reading.events.at(-1));

describe('what a module may export', () => {
  test.each([
    ['a configuration', `export default ${servers(1)}`],
    ['a promise of one', `export default Promise.resolve(${servers(1)})`],
    ['a function', `export default () => (${servers(1)})`],
    ['an async function', `export default async () => (${servers(1)})`],
    ['an observable', `import { of } from 'rxjs'; export default of(${servers(1)})`],
    ['an async iterable', `export default (async function* () { yield ${servers(1)}; })()`],
    ['a function returning an observable', `import { of } from 'rxjs'; export default () => of(${servers(1)})`],
    ['an async generator function', `export default async function* () { yield ${servers(1)}; }`],
    ['module.exports', `module.exports = ${servers(1)}`],
    [
      'something made at top level with await',
      `const port = await Promise.resolve(1); export default ${servers('port')}`,
    ],
    ['something typed', `type Port = number; const port: Port = 1; export default ${servers('port')} satisfies object`],
  ])('%s', async (_, text) => {
    // From here, so that packages are found the way they are in a project.
    expect(await once(text.replace(`'rxjs'`, `'${import.meta.resolve('rxjs')}'`))).toBe('loaded web=127.0.0.1:1');
  });

  test('every value of a stream is an event, a wrong one among them harms nothing', async () => {
    const path = project({
      'a.ts': `export default async function* () { yield ${servers(1)}; yield { servers: 5 }; yield ${servers(2)}; }`,
    })('a.ts');
    const reading = read(fileSource(path, { watch: false }));
    const events = (await reading.next(0, 3)).map(summary);
    expect(events[0]).toBe('loaded web=127.0.0.1:1');
    expect(events[1]).toContain('ERR_CONFIG');
    expect(events[2]).toBe('loaded web=127.0.0.1:2');
    await expect.poll(reading.isComplete).toBe(true);
  });
});

describe('what can be wrong with a module', () => {
  test.each([
    ['a syntax error', `export default {\n  servers: ,\n}`, 'failed it:2:12 ERR_SOURCE_SYNTAX unexpected token'],
    [
      'a throw',
      `\nconst fail = (why: string): never => { throw new Error(why); };\n  fail('no port');`,
      'failed it:2:46 ERR_SOURCE_IMPORT the module threw: no port',
    ],
    ['a throw that is no error', `throw 'tantrum'`, 'failed it ERR_SOURCE_IMPORT the module threw: tantrum'],
    [
      'a rejected await',
      `\n await Promise.reject(new Error('refused'))`,
      'failed it:2:23 ERR_SOURCE_IMPORT the module threw: refused',
    ],
    [
      'a function that throws',
      `export default () => {\n  throw new Error('late');\n}`,
      'failed it:2:9 ERR_SOURCE_IMPORT the module threw: late',
    ],
    [
      'a function that rejects',
      `export default async () => {\n  throw new Error('later');\n}`,
      'failed it:2:9 ERR_SOURCE_IMPORT the module threw: later',
    ],
    ['no default export', `export const servers = {}`, 'failed it ERR_SOURCE_EXPORT the module has no default export'],
    ['a number', `export default 5`, 'failed it ERR_SOURCE_EXPORT the default export is 5'],
    [
      'a function that returns nothing',
      `export default () => {}`,
      'failed it ERR_SOURCE_EXPORT the default function returned undefined',
    ],
    ['a wrong configuration', `export default { server: {} }`, 'failed it ERR_CONFIG'],
  ])('%s', async (_, text, expected) => {
    expect(await once(text)).toContain(expected);
  });

  test('a stream that fails is named with its place, after what it said before', async () => {
    const path = project({
      'a.ts': `export default async function* () {\n  yield ${servers(1)};\n  throw new Error('lost');\n}`,
    })('a.ts');
    const events = await read(fileSource(path, { watch: false })).next(0, 2);
    expect(summary(events[0])).toBe('loaded web=127.0.0.1:1');
    expect(summary(events[1]).replace(path, 'it')).toBe(
      'failed it:3:9 ERR_SOURCE_STREAM the stream it exports failed: lost',
    );
  });

  test.each([
    ['an import', `await new Promise(() => {}); export default ${servers(1)}`],
    ['a function', `export default () => new Promise(() => {})`],
  ])('%s that never ends is given up at the deadline', async (_, text) => {
    expect(await once(text, 50)).toBe('failed it ERR_SOURCE_TIMEOUT the module was not ready within 50 ms');
  });

  test('a mistake in an imported file is named there', async () => {
    const at = project({
      'a.ts': `import { port } from './lib/port.ts';\nexport default ${servers('port')}`,
      'lib/port.ts': '\n\nexport const port: number = null!.x;',
    });
    const [event] = await read(fileSource(at('a.ts'), { watch: false })).next(0);
    expect(event).toMatchObject({ problems: [{ code: 'ERR_SOURCE_IMPORT', line: 3, column: 35 }] });
    expect(summary(event)).toContain('lib/port.ts:3:35');
  });
});

describe('following a module', () => {
  test('files it imports are followed: TypeScript, ES modules, CommonJS and JSON, through each other', async () => {
    const at = project({
      'a.ts': `import { port } from './b.mjs';\nexport default ${servers('port')}`,
      'b.mjs': `import base from './base.json';\nimport { add } from './c.cts';\nexport const port = base.port + add;`,
      'c.cts': `import d = require('node:path');\nexport const add: number = d.sep.length;`,
      'base.json': '{"port": 1}',
    });
    const reading = read(fileSource(at('a.ts')));
    await reading.next(0);
    expect(last(reading)).toBe('loaded web=127.0.0.1:2');
    writeFileSync(at('base.json'), '{"port": 10}');
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:11');
    writeFileSync(at('c.cts'), 'exports.add = 5;');
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:15');
    writeFileSync(at('b.mjs'), 'export const port = 7;');
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:7');
    writeFileSync(at('a.ts'), `export default ${servers(3)}`);
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:3');
  });

  test('files that import each other are imported once per import', async () => {
    const at = project({
      'a.ts': `import { one } from './b.ts';\nimport { two } from './c.ts';\nexport const base = 1;\nexport default ${servers('(one === two ? 1 : 2)')}`,
      'b.ts': `import './c.ts';\nimport { token } from './d.ts';\nexport const one = token;`,
      'c.ts': `import './b.ts';\nimport { token } from './d.ts';\nexport const two = token;`,
      'd.ts': 'export const token = Symbol();',
    });
    const [event] = await read(fileSource(at('a.ts'), { watch: false })).next(0);
    expect(summary(event)).toBe('loaded web=127.0.0.1:1');
  });

  test('an imported file that is missing is waited for', async () => {
    const at = project({ 'a.ts': `import { port } from './b.ts';\nexport default ${servers('port')}` });
    const reading = read(fileSource(at('a.ts')));
    await reading.next(0);
    expect(last(reading)).toContain('ERR_SOURCE_IMPORT');
    writeFileSync(at('b.ts'), 'export const port = 4;');
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:4');
  });

  test('an imported file that breaks and is repaired is two events', async () => {
    const at = project({
      'a.ts': `import { port } from './b.ts';\nexport default ${servers('port')}`,
      'b.ts': 'export const port = 1;',
    });
    const reading = read(fileSource(at('a.ts')));
    await reading.next(0);
    writeFileSync(at('b.ts'), 'export const port = ;');
    expect(summary((await reading.next(1))[0])).toContain('b.ts:1:21 ERR_SOURCE_SYNTAX');
    writeFileSync(at('b.ts'), 'export const port = 2;');
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:2');
  });

  test('packages keep their instance from one import to the next', async () => {
    const at = project({
      'a.ts': `import { instances } from 'counter';\nexport default ${servers('instances()')} // 1`,
      'node_modules/counter/package.json': '{"name": "counter", "type": "module", "exports": "./index.js"}',
      'node_modules/counter/index.js':
        'globalThis.counterInstances = (globalThis.counterInstances ?? 0) + 1;\nexport const instances = () => globalThis.counterInstances;',
    });
    const reading = read(fileSource(at('a.ts')));
    await reading.next(0);
    writeFileSync(at('a.ts'), `import { instances } from 'counter';\nexport default ${servers('instances()')} // 2`);
    expect((await reading.next(1)).map(summary)).toEqual(['loaded web=127.0.0.1:1']);
  });

  test('the stream of a replaced module is let go', async () => {
    const endless = (port: number): string =>
      `export default { async *[Symbol.asyncIterator]() { try { yield ${servers(port)}; await new Promise(() => {}); } finally {} } }`;
    const counted = `
      let open = 0;
      export default () => ({ [Symbol.asyncIterator]: () => {
        let first = true;
        return {
          next: () => first ? (first = false, Promise.resolve({ value: ${servers(1)}, done: false })) : new Promise(() => {}),
          return: () => { globalThis.sluiceSpecReturned = true; return Promise.resolve({ value: undefined, done: true }); },
        };
      } });`;
    const at = project({ 'a.ts': counted });
    const reading = read(fileSource(at('a.ts')));
    await reading.next(0);
    expect(Reflect.get(globalThis, 'sluiceSpecReturned')).toBeUndefined();
    writeFileSync(at('a.ts'), endless(2));
    await expect.poll(() => last(reading)).toBe('loaded web=127.0.0.1:2');
    expect(Reflect.get(globalThis, 'sluiceSpecReturned')).toBe(true);
  });

  test('what a slow import says after a newer content was saved is not heard', async () => {
    const shared: { release?: () => void; over?: boolean } = {};
    Reflect.set(globalThis, 'sluiceSpecSlow', shared);
    const at = project({
      'a.ts': `const shared = globalThis.sluiceSpecSlow;
        await new Promise((resolve) => { shared.release = resolve; });
        shared.over = true;
        export default ${servers(1)}`,
    });
    const reading = read(fileSource(at('a.ts')));
    await expect.poll(() => shared.release).toBeDefined();
    writeFileSync(at('a.ts'), `export default ${servers(2)}`);
    await reading.next(0);
    shared.release?.();
    await expect.poll(() => shared.over).toBe(true);
    writeFileSync(at('a.ts'), `export default ${servers(3)}`);
    await reading.next(1);
    expect(reading.events.map(summary)).toEqual(['loaded web=127.0.0.1:2', 'loaded web=127.0.0.1:3']);
  });
});
