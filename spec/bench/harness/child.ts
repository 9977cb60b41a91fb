import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './compile.ts';
import { pinnedTo } from './machine.ts';

/** The CPU of what is measured; load and orders come from the other one. */
export const SERVER_CPU = 0;
export const CLIENT_CPU = 1;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started for a bench and answers its orders (see `orders.ts`). */
export interface Child {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: unknown;
  ask(verb: string, data?: unknown): Promise<unknown>;
  /** What it last said unasked. */
  said(): unknown;
  kill(signal: NodeJS.Signals): void;
  /** Settles when the process is gone; never rejects. */
  readonly exited: Promise<Exit>;
  /** Ends it at once and waits until it is gone. */
  end(): Promise<void>;
}

export type OrderReply =
  | { readonly type: 'said'; readonly data: unknown }
  | { readonly type: 'ready'; readonly data: unknown }
  | { readonly type: 'result'; readonly id: number; readonly data: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string };

export interface Order {
  readonly id: number;
  readonly verb: string;
  readonly data: unknown;
}

const living = new Set<ChildProcess>();

/** Whatever ends the bench, nothing it started outlives it. */
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a program that must end with the bench. */
export const spawnOwned = (command: readonly string[], options: Parameters<typeof spawn>[2] = {}): ChildProcess => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, options);
  living.add(child);
  child.once('exit', () => living.delete(child));
  // Without a listener a program that cannot be started would end the bench; `exited` and `ready` tell the same.
  child.on('error', () => living.delete(child));
  return child;
};

export const exitOf = async (child: ChildProcess): Promise<Exit> => {
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, signal: child.signalCode };
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
};

/**
 * Starts a compiled server of `spec/bench/servers/` on plain Node: a loader between Node and what is measured would be
 * measured too.
 */
export const startChild = async (
  server: string,
  setting: unknown = {},
  options: {
    readonly cpu?: number | undefined;
    readonly nodeFlags?: readonly string[];
    /** What it prints is nobody's concern. */
    readonly silent?: boolean;
  } = {},
): Promise<Child> => {
  const { cpu, nodeFlags = [], silent = false } = options;
  const script = compiled(`spec/bench/servers/${server}.ts`);
  const pin = cpu === undefined ? [] : pinnedTo(cpu);
  const child = spawnOwned([...pin, process.execPath, ...nodeFlags, script, JSON.stringify(setting)], {
    stdio: ['ignore', silent ? 'ignore' : 'inherit', 'inherit', 'ipc'],
  });
  const exited = exitOf(child);
  const waiting = new Map<number, { resolve: (data: unknown) => void; reject: (cause: Error) => void }>();
  let orders = 0;
  let said: unknown;

  const ready = await new Promise((resolve, reject) => {
    child.on('message', (reply: OrderReply) => {
      if (reply.type === 'ready') {
        resolve(reply.data);
        return;
      }
      if (reply.type === 'said') {
        said = reply.data;
        return;
      }
      const order = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.type === 'result') order?.resolve(reply.data);
      else order?.reject(new Error(`${server}: ${reply.message}`));
    });
    void exited.then(({ code, signal }) => {
      const cause = new Error(`${server} ended with ${signal ?? code} before it answered`);
      reject(cause);
      for (const order of waiting.values()) order.reject(cause);
    });
  });

  return {
    pid: child.pid ?? 0,
    ready,
    ask: (verb, data) =>
      new Promise((resolve, reject) => {
        orders += 1;
        waiting.set(orders, { resolve, reject });
        child.send({ id: orders, verb, data } satisfies Order);
      }),
    said: () => said,
    kill: (signal) => void child.kill(signal),
    exited,
    end: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
