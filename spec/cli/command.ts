import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { requireBuild } from '../built.ts';

const root = join(import.meta.dirname, '..', '..');

/** The command as it is installed; another build of it when `SLUICE_CLI` names one. */
const program = (): string => {
  if (process.env.SLUICE_CLI !== undefined) return process.env.SLUICE_CLI;
  requireBuild(root);
  return join(root, 'dist', 'cli', 'main.js');
};

/** A directory with these files, gone after the test. */
export const directoryWith = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
};

export interface Command {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The first match in what was and will be written to either stream. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** How it ended: the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** An environment in which the command takes its output, a pipe, for a terminal. */
export const ON_TERMINAL: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--import=data:text/javascript,process.stdout.isTTY=true',
  TERM: 'xterm',
  NO_COLOR: '1',
};

/** Starts the command in a directory; it is killed when the test is over. */
export const start = (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  /** A program, with its arguments, that starts the command. */
  through: readonly string[] = [],
): Command => {
  // The runner's own variables would change colours and what libraries log.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|TEST|VITEST.*|CI|FORCE_COLOR|XDG_.*)$/.test(name),
  );
  const [first = '', ...rest] = [...through, process.execPath, program(), ...args];
  const child = spawn(first, rest, {
    cwd,
    // Control sockets of a test are seen by nobody else, and it sees no others.
    env: { ...Object.fromEntries(inherited), SLUICE_CONTROL_DIR: join(cwd, '.control'), ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal);
      for (const listener of listeners) listener();
    });
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(written.stdout) ?? pattern.exec(written.stderr);
        const over = child.exitCode !== null || child.signalCode !== null;
        if (found === null && !over) return;
        listeners.delete(look);
        if (found !== null) resolve(found);
        else reject(new Error(`ended without ${pattern}:\n${written.stdout}\n${written.stderr}`));
      };
      listeners.add(look);
      look();
    });
  return { child, stdout: () => written.stdout, stderr: () => written.stderr, said, ended };
};

/** Runs the command to its end. */
export const finish = async (
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | NodeJS.Signals | null; readonly stdout: string; readonly stderr: string }> => {
  const command = start(cwd, args, env);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
};

/** A configuration file of one server on a free port, unless another is named. */
export const config = (body: string, listen = '127.0.0.1:0'): string =>
  JSON.stringify({ servers: { web: { listen, routes: [{ path: '/', respond: { body } }] } } }, null, 2);
