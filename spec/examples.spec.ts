import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { liftBlocks } from '../docs/lifted.ts';
import { listPages } from '../docs/pages.ts';
import { readProgramText } from '../docs/program-text.ts';
import { requireBuild } from './built.ts';
import { listPrograms, printedLines, runProgram } from './examples/program.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const deadlineMs = 20_000;

describe('examples', () => {
  // They import 'sluice', which is this package as it is built.
  beforeAll(() => {
    requireBuild(root);
  });

  test('there are some', () => {
    expect(listPrograms(root)).not.toEqual([]);
  });

  test.each(listPrograms(root))(
    '%s runs to its end and prints what it promises',
    { timeout: deadlineMs + 5_000 },
    async (path) => {
      const { exitCode, stdout, stderr } = await runProgram(root, path, deadlineMs);
      expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
      const { prints } = readProgramText(read(path));
      if (prints !== undefined) expect(printedLines(stdout, prints)).toEqual(prints);
    },
  );
});

describe('documentation', () => {
  test.each(listPages(root))('code in %s is that of the examples (npm run docs)', (page) => {
    expect(read(page)).toBe(liftBlocks(read(page), read));
  });
});
