import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireBuild } from './built.ts';
import { printedLines, runProgram } from './examples/program.ts';

const root = join(import.meta.dirname, '..');
const lib = join(root, 'lib');
// Inside the package, so that `import … from 'sluice'` means this one.
const folder = join('.sluice', 'tsdoc');

interface DocExample {
  readonly title: string;
  readonly code: string;
  /** What every `console.log(…); // …` promises, in order. */
  readonly prints: readonly string[];
}

/** The code blocks below every `@example` of a file. */
const examplesOf = (path: string): readonly DocExample[] =>
  [...readFileSync(join(lib, path), 'utf8').matchAll(/ \* @example\n \* ```ts\n([\s\S]*?)\n \* ```/g)].map(
    ([, block = '']) => {
      const code = block.replace(/^ \* ?/gm, '');
      const prints = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, promise = '']) => promise);
      return { title: path, code, prints };
    },
  );

const examples = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .flatMap(examplesOf);

describe('examples in doc comments', () => {
  beforeAll(() => {
    requireBuild(root);
    mkdirSync(join(root, folder), { recursive: true });
  });
  afterAll(() => {
    rmSync(join(root, folder), { recursive: true });
  });

  test('there are some', () => {
    expect(examples.length).toBeGreaterThan(3);
  });

  test.each(examples.map((example, index) => ({ ...example, index })))(
    'the one in $title runs and prints what its comments say',
    { timeout: 25_000 },
    async ({ code, prints, index }) => {
      const path = join(folder, `example-${index}.ts`);
      writeFileSync(join(root, path), code);
      const { exitCode, stdout, stderr } = await runProgram(root, path, 20_000);
      expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
      if (prints.length > 0) expect(printedLines(stdout, prints)).toEqual(prints);
    },
  );
});
