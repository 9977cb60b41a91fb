import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AccountingOptions } from './accounting-client.ts';
import type { AccountingReport } from './tally.ts';

/** An accounting client as data, for another process; addresses are sent when they change. */
export interface ClientOrder extends Omit<AccountingOptions, 'address' | 'check' | 'version'> {
  readonly name: string;
  readonly address: string;
  /** Speaks HTTP/2, on as many sessions as it has connections; over TLS. */
  readonly http2?: boolean;
  /** 200 by default. */
  readonly expectStatus?: number;
  /** A regular expression the body must match. */
  readonly expectBody?: string;
  /** A regular expression whose first group is the version in a body. */
  readonly version?: string;
}

export type Command =
  | { readonly type: 'address'; readonly name: string; readonly address: string }
  | { readonly type: 'take' }
  | { readonly type: 'settled'; readonly names: readonly string[] }
  | { readonly type: 'stop' };

/** Reports by the names of the clients. */
export type Reports = Readonly<Record<string, AccountingReport>>;

export type Reply = { readonly type: 'started' } | { readonly type: 'reports'; readonly reports: Reports };

export interface AccountingProcess {
  readonly pid: number;
  /** New connections of this client go there from now on. */
  address(name: string, address: string): void;
  /** What happened since the start or the last `take()`. */
  take(): Promise<Reports>;
  /** Settles as soon as every connection of these clients has been answered. */
  settled(names: readonly string[]): Promise<void>;
  /** Writes nothing more, waits for every answer and ends the process. */
  stop(): Promise<Reports>;
  /** Ends the process now; for when a bench failed. */
  kill(): void;
}

/**
 * Starts one process with a client per order.
 *
 * @param launcher - a command the process is started through, such as `['taskset', '-c', '1']`.
 * @returns once every client began to connect; rejects when the process ends first.
 */
export const startAccounting = async (
  orders: readonly ClientOrder[],
  launcher: readonly string[] = [],
): Promise<AccountingProcess> => {
  // Beside this file, in whichever form this file itself runs: TypeScript through jiti, or compiled.
  const typescript = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(typescript ? './main.ts' : './main.js', import.meta.url));
  const loader = typescript ? ['--import', 'jiti/register'] : [];
  const [command = process.execPath, ...args] = [
    ...launcher,
    process.execPath,
    ...loader,
    main,
    JSON.stringify(orders),
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the accounting process ended with ${String(signal ?? code)} before it replied`);
  });
  // Ending is an error only for those who wait for a reply.
  ended.catch(() => undefined);

  const reply = async (): Promise<Reply> => {
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message as Reply;
  };
  const reports = async (command: Command): Promise<Reports> => {
    child.send(command);
    const answer = await reply();
    return answer.type === 'reports' ? answer.reports : {};
  };

  await reply();
  return {
    pid: child.pid ?? 0,
    address: (name, address) => {
      child.send({ type: 'address', name, address } satisfies Command);
    },
    take: () => reports({ type: 'take' }),
    settled: async (names) => {
      await reports({ type: 'settled', names });
    },
    stop: () => reports({ type: 'stop' }),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
};
