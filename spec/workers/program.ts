import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { requireBuild } from '../built.ts';

/** What a program in `spec/workers/programs` says: one JSON object on a line of its own, by `type`. */
export interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A program that runs as a child process, in a process group of its own, and what it said so far. */
export interface Program {
  readonly pid: number;
  /** What it and its children said, in order. */
  readonly said: readonly Said[];
  /** Lines that are no JSON, of its standard output and error. */
  readonly printed: readonly string[];
  /** The first of that type that fits, said before or from now on. Rejects when the program ends, or after 15 s. */
  hear(type: string, fits?: (said: Said) => boolean): Promise<Said>;
  /** As many of that type. */
  hearAll(type: string, count: number): Promise<readonly Said[]>;
  /** Sends it a message over IPC. */
  tell(message: object): void;
  /** To the program alone, to its whole group, as a terminal does, or to one process that it started. */
  signal(name: NodeJS.Signals, to?: 'program' | 'group' | number): void;
  /** Its end: the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly execArgv?: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const PATIENCE_MS = 15_000;

/**
 * Starts a program of `spec/workers/programs` against what is built; it and everybody it started is killed when the test
 * is over.
 */
export const startProgram = (name: string, options: ProgramOptions = {}): Program => {
  requireBuild(root);
  const { args = [], env = {}, execArgv = [] } = options;
  const path = join(import.meta.dirname, 'programs', name);
  if (!existsSync(path)) throw new Error(`there is no program ${path}`);
  const inherited = Object.entries(process.env).filter(([key]) => !/^(NODE_ENV|TEST|VITEST.*|NODE_OPTIONS)$/.test(key));
  const child = spawn(process.execPath, [...execArgv, path, ...args], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  onTestFinished(() => killGroup(pid));
  return listenTo(child, pid);
};

const listenTo = (child: ChildProcess, pid: number): Program => {
  const said: Said[] = [];
  const printed: string[] = [];
  const listeners = new Set<() => void>();
  const take = (line: string): void => {
    const value = readSaid(line);
    if (value === undefined) printed.push(line);
    else said.push(value);
    for (const listener of [...listeners]) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
  }
  // What it says on the way out arrives after `exit`, and before `close`; children of its keep the pipe open.
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => setTimeout(() => resolve(code ?? signal), 50));
  });

  const hearAll = (type: string, count: number, fits: (said: Said) => boolean = () => true): Promise<readonly Said[]> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        listeners.delete(look);
        clearTimeout(timeout);
        settle();
      };
      const look = (): void => {
        const found = said.filter((one) => one.type === type && fits(one));
        if (found.length >= count) finish(() => resolve(found.slice(0, count)));
      };
      const fail = (why: string): void => {
        // Long settled: telling what was said would take its time, for each that ever listened.
        if (!listeners.has(look)) return;
        const all = [...said.map((one) => JSON.stringify(one)), ...printed].join('\n');
        finish(() => reject(new Error(`${why} before it said ${count} × ${type}:\n${all}`)));
      };
      const timeout = setTimeout(() => fail(`${PATIENCE_MS} ms went by`), PATIENCE_MS);
      listeners.add(look);
      look();
      void ended.then((how) => fail(`the program ended (${how})`));
    });

  return {
    pid,
    said,
    printed,
    hear: async (type, fits) => {
      const [first] = await hearAll(type, 1, fits);
      if (first === undefined) throw new Error(`nobody said ${type}`);
      return first;
    },
    hearAll: (type, count) => hearAll(type, count),
    tell: (message) => {
      child.send(message, () => {});
    },
    signal: (name, to = 'program') => {
      process.kill(typeof to === 'number' ? to : to === 'group' ? -pid : pid, name);
    },
    ended,
  };
};

const readSaid = (line: string): Said | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isSaid(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const isSaid = (value: unknown): value is Said =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const killGroup = (pid: number): void => {
  if (pid === 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left of it.
  }
};

/** Whether a process is there and no zombie. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Resolves when it holds; rejects when it does not within `limitMs`. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string, limitMs = 5_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
