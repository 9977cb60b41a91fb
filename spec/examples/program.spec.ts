import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listPrograms, printedLines, runProgram } from './program.ts';

let root: string;
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-programs-'));
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  write('package.json', '{ "type": "module" }');
  write('examples/greets.ts', `const name: string = 'you';\nconsole.log(\`hello \${name}\`, process.env.NODE_ENV);`);
  write('examples/fails.ts', `console.error('no');\nprocess.exit(3);`);
  write('examples/folder/main.ts', `process.stdin.resume().on('end', () => console.log('end of input'));`);
  write('examples/hangs.ts', `console.log('started');\nsetInterval(() => {}, 1000);`);
  write('examples/data/sluice.config.json', '{}');
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

test('programs are files and folders with a main, not data', () => {
  expect(listPrograms(root)).toEqual([
    'examples/fails.ts',
    'examples/folder/main.ts',
    'examples/greets.ts',
    'examples/hangs.ts',
  ]);
});

test('a program runs outside the test environment', async () => {
  expect(await runProgram(root, 'examples/greets.ts', 10_000)).toEqual({
    exitCode: 0,
    stdout: 'hello you undefined\n',
    stderr: '',
  });
});

test('a program that fails says so by its exit code', async () => {
  expect(await runProgram(root, 'examples/fails.ts', 10_000)).toMatchObject({ exitCode: 3, stderr: 'no\n' });
});

test('nobody types into a program', async () => {
  expect(await runProgram(root, 'examples/folder/main.ts', 10_000)).toMatchObject({ stdout: 'end of input\n' });
});

test('a program that does not end has no exit code', async () => {
  expect(await runProgram(root, 'examples/hangs.ts', 2_000)).toMatchObject({ exitCode: null, stdout: 'started\n' });
});

test('a kept promise shows as the promise, a broken one as what was printed', () => {
  const promised = ['port …', 'took … ms (…)', 'a.b'];
  expect(printedLines('port 41873\ntook 12 ms (fast)\na.b\n', promised)).toEqual(promised);
  expect(printedLines('port 41873\ntook 12 s\naxb\nmore\n', promised)).toEqual(['port …', 'took 12 s', 'axb', 'more']);
  expect(printedLines('port 1\n', promised)).toEqual(['port …']);
});
