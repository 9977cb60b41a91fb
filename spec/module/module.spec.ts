import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ModuleLoadError, ModuleTimeoutError } from '../../lib/module/errors.ts';
import { type LoadModuleOptions, loadModule } from '../../lib/module/module.ts';
import { temporaryDirectory } from '../source/reading.ts';

const project = (files: Readonly<Record<string, string>>): ((name: string) => string) => {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return (name) => join(directory, name);
};

const failure = async (path: string, options?: LoadModuleOptions): Promise<Error> => {
  try {
    await firstValueFrom(loadModule(path, options));
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was loaded');
};

describe('loading', () => {
  test.each(['a.ts', 'a.mts', 'a.js', 'a.mjs'])('%s is imported once per subscription, and completes', async (name) => {
    const path = project({ [name]: 'export const b = 2; export default { n: 1 };' })(name);
    const [module, ...others] = await lastValueFrom(loadModule(path).pipe(toArray()));
    expect(others).toEqual([]);
    expect(module?.exported).toEqual({ n: 1 });
    expect(module?.exports).toMatchObject({ b: 2, default: { n: 1 } });
  });

  test('what CommonJS assigns to module.exports is its default export', async () => {
    const at = project({ 'a.cjs': 'module.exports = { n: 1 };', 'f.cjs': 'module.exports = () => 7;' });
    expect((await firstValueFrom(loadModule(at('a.cjs'), { export: 'default' }))).exported).toEqual({ n: 1 });
    expect((await firstValueFrom(loadModule(at('a.cjs'), { export: 'n' }))).exported).toBe(1);
    expect((await firstValueFrom(loadModule(at('f.cjs'), { export: 'default' }))).exported).toBeTypeOf('function');
  });

  test('a named export is what was asked for', async () => {
    const path = project({ 'a.ts': 'export const app: () => number = () => 1;' })('a.ts');
    expect((await firstValueFrom(loadModule(path, { export: 'app' }))).exported).toBeTypeOf('function');
    expect((await firstValueFrom(loadModule(path))).exported).toBeUndefined();
  });

  test('each subscription sees what stands in the files now, and names them', async () => {
    const at = project({ 'a.ts': "export { n as default } from './b.ts';", 'b.ts': 'export const n = 1;' });
    const module$ = loadModule(relative(process.cwd(), at('a.ts')));
    expect((await firstValueFrom(module$)).exported).toBe(1);
    writeFileSync(at('b.ts'), 'export const n = 2;');
    const { exported, sources } = await firstValueFrom(module$);
    expect(exported).toBe(2);
    expect([...sources.keys()].sort()).toEqual([at('a.ts'), at('b.ts')]);
  });

  test('nothing is imported before somebody subscribes', async () => {
    const at = project({ 'a.ts': 'globalThis.sluiceSpecImported = true; export default 1;' });
    const module$ = loadModule(at('a.ts'));
    expect(Reflect.has(globalThis, 'sluiceSpecImported')).toBe(false);
    await firstValueFrom(module$);
    expect(Reflect.deleteProperty(globalThis, 'sluiceSpecImported')).toBe(true);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['throws', 'throw new Error("no database");', 'the module threw: no database'],
    ['does not compile', 'export default {', 'unexpected token'],
    ['imports what is not there', "import './gone.ts'; export default 1;", 'there is no ./gone.ts to import'],
    ['imports broken JSON', "import './b.json'; export default 1;", 'the key "a" stands here again, first at 1:2'],
  ])('a module that %s is an error that names it, and says where', async (_, text, reason) => {
    const at = project({ 'a.ts': text, 'b.json': '{"a": 1, "a": 2}' });
    const error = await failure(at('a.ts'));
    expect(error).toBeInstanceOf(ModuleLoadError);
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD', path: at('a.ts'), position: { line: 1 } });
    expect(error.message).toContain(`cannot load the module ${at('a.ts')}: ${reason}`);
    expect(error.message).toMatch(/\(.*\/(?:a\.ts|b\.json):1(?::\d+)?\)$/);
  });

  test('an export that does not exist is named', async () => {
    const at = project({ 'a.ts': 'export const b = 1;' });
    expect((await failure(at('a.ts'), { export: 'app' })).message).toMatch(/: it has no export named app$/);
    expect((await failure(at('a.ts'), { export: 'default' })).message).toMatch(/: it has no default export$/);
    expect((await failure(at('a.ts'), { export: 'toString' })).message).toMatch(/: it has no export named toString$/);
  });

  test('what is no module file is refused without opening it', async () => {
    const at = project({ 'a.txt': '' });
    mkdirSync(at('d.ts'));
    execFileSync('mkfifo', [at('p.ts')]);
    expect((await failure(at('a.txt'))).message).toContain('its name is not that of a module');
    expect((await failure(at('gone.ts'))).message).toBe(
      `cannot load the module ${at('gone.ts')}: there is no such file`,
    );
    expect((await failure(at('d.ts'))).message).toContain('it is not a regular file');
    expect((await failure(at('p.ts'))).message).toContain('it is not a regular file');
  });

  test('an import that hangs ends at the deadline with an error that names it', async () => {
    const path = project({ 'a.ts': 'await new Promise(() => {}); export default 1;' })('a.ts');
    const error = await failure(path, { deadlineMs: 50 });
    expect(error).toBeInstanceOf(ModuleTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_MODULE_TIMEOUT', path, deadlineMs: 50 });
    expect(error.message).toBe(`the module ${path} was not ready within 50 ms`);
  });

  test('what an abandoned import comes to is seen by nobody', async () => {
    const shared: { fail?: () => void } = {};
    Reflect.set(globalThis, 'sluiceSpecAbandoned', shared);
    const path = project({
      'a.ts':
        'await new Promise((_, reject) => { globalThis.sluiceSpecAbandoned.fail = () => reject(new Error("late")); });',
    })('a.ts');
    const seen: unknown[] = [];
    const subscription = loadModule(path).subscribe({ next: (m) => seen.push(m), error: (e) => seen.push(e) });
    await expect.poll(() => shared.fail).toBeDefined();
    subscription.unsubscribe();
    shared.fail?.();
    await new Promise(setImmediate);
    expect(seen).toEqual([]);
  });
});
