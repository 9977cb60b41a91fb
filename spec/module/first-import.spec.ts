import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, test } from 'vitest';
import { importFirst, letNodeImportFirst } from '../../lib/module/first-import.ts';
import { loadModule } from '../../lib/module/module.ts';

const folder = mkdtempSync(join(tmpdir(), 'first-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const load = (path: string) => firstValueFrom(loadModule(path));

// The order matters: what is switched on stays on in a process.
describe('in an ordinary process', () => {
  test('Node imports nothing that has to be imported anew one day', async () => {
    expect(await importFirst(file('off.mjs', 'export default 1;'))).toBeUndefined();
  });
});

describe('in a process that was started for it', () => {
  test('a module is the one that Node has, with its own text as its source', async () => {
    letNodeImportFirst();
    const path = file('one.mjs', 'export default { n: 1 };');
    const { exported, sources } = await load(path);
    const { default: own } = await import(path);
    expect(exported).toBe(own);
    expect([...sources.keys()]).toEqual([path]);
  });

  test('what is asked for again is imported anew, with what it imports', async () => {
    file('part.mjs', 'export const part = 1;');
    const path = file('two.mjs', "import { part } from './part.mjs'; export default part;");
    expect((await load(path)).exported).toBe(1);
    file('part.mjs', 'export const part = 2;');
    const { exported, sources } = await load(path);
    expect(exported).toBe(2);
    expect(sources.size).toBe(2);
  });

  test('TypeScript is not for Node', async () => {
    expect(await importFirst(file('three.ts', 'export default 3;'))).toBeUndefined();
    expect((await load(join(folder, 'three.ts'))).exported).toBe(3);
  });

  test('what fails is told of with the place', async () => {
    await expect(load(file('four.mjs', '\nthrow new Error("four");'))).rejects.toMatchObject({
      code: 'ERR_MODULE_LOAD',
      position: { line: 2 },
    });
    await expect(load(file('five.mjs', 'export default ('))).rejects.toMatchObject({ code: 'ERR_MODULE_LOAD' });
  });
});
