import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What became of a program that ran to its end, or was killed at the deadline (`exitCode` is then `null`). */
export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The programs below `examples/`: every `<name>.ts`, and `main.ts` of every folder that has one.
 * Other folders hold what a program or a command reads.
 */
export const listPrograms = (root: string): readonly string[] =>
  readdirSync(join(root, 'examples'), { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isFile()) return entry.name.endsWith('.ts') ? [posix.join('examples', entry.name)] : [];
      const main = posix.join('examples', entry.name, 'main.ts');
      return existsSync(join(root, main)) ? [main] : [];
    })
    .sort();

/**
 * The printed text as lines, with a promised line in place of each one that keeps its promise.
 * `…` in a promise stands for anything on that line, so the result equals the promises when all were kept.
 */
export const printedLines = (stdout: string, promised: readonly string[]): readonly string[] =>
  stdout
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => {
      const promise = promised[index];
      return promise !== undefined && keeps(line, promise) ? promise : line;
    });

const keeps = (line: string, promise: string): boolean => {
  const parts = promise.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(line);
};

/** Runs a program as its reader would: from the root of the project, with nothing of the test runner around it. */
export const runProgram = (root: string, path: string, deadlineMs: number): Promise<Run> =>
  new Promise((resolve) => {
    // The runner sets NODE_ENV=test, which makes consola silent, and colours would get into the comparison.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(NODE_ENV|TEST|VITEST.*|FORCE_COLOR)$/.test(name),
    );
    const options = {
      cwd: root,
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1' },
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    } as const;
    const child = execFile(process.execPath, ['--import', 'jiti/register', path], options, (_, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
