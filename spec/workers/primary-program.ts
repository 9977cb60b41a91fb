import { join } from 'node:path';
import { type Program, type Said, startProgram } from './program.ts';

/** `programs/primary.mjs`: workers without anybody who looks after them. */
export interface Primary extends Program {
  /** Starts a process; assigns it a slot, with what is given of an assignment, unless it is to wait as a spare. */
  fork(script: string, options?: ForkOptions): Promise<number>;
  send(pid: number, message: object, times?: number): void;
  /** What a process said as a message. */
  message(pid: number, type: string): Promise<Said>;
  exit(pid: number): Promise<Said>;
}

export interface ForkOptions {
  readonly assign?: object | undefined;
  readonly spare?: boolean;
  readonly preload?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

export const programPath = (name: string): string => join(import.meta.dirname, 'programs', name);

export const startPrimary = async (sharing = 'shared', execArgv: readonly string[] = []): Promise<Primary> => {
  const program = startProgram('primary.mjs', { args: [sharing], execArgv });
  await program.hear('listening');
  return {
    ...program,
    fork: async (script, { assign = {}, spare = false, preload = [], ...rest } = {}) => {
      const before = program.said.filter(({ type }) => type === 'forked').length;
      program.tell({
        command: 'fork',
        script: programPath(script),
        preload: preload.map(programPath),
        ...rest,
        ...(spare ? {} : { assign: { sharing, ...assign } }),
      });
      const forked = await program.hearAll('forked', before + 1);
      return Number(forked.at(-1)?.pid);
    },
    send: (pid, message, times = 1) => program.tell({ command: 'send', pid, message, times }),
    message: (pid, type) => program.hear('message', (said) => said.pid === pid && typeOf(said.message) === type),
    exit: (pid) => program.hear('exit', (said) => said.pid === pid),
  };
};

const typeOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;

/** A stop that gives it so long. */
export const drain = (deadlineMs: number, handOver = false): object => ({
  type: 'drain',
  request: { reason: 'stop', deadlineMs, handOver },
});
