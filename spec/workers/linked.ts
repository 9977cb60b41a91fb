import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { AsyncSubject, Subject } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Listeners } from '../../lib/listener/listener.ts';
import { createSockets, type SocketsOptions } from '../../lib/workers/create-sockets.ts';
import type { ProcessExit } from '../../lib/workers/exit.ts';
import type { FromWorker, ToWorker } from '../../lib/workers/protocol.ts';
import type { Delivery } from '../../lib/workers/socket-link.ts';
import type { WorkerSockets } from '../../lib/workers/sockets.ts';
import { workerListeners } from '../../lib/workers/worker-listeners.ts';

/** A worker of a test: its end of the link is in the same process. */
export interface LinkedWorker {
  readonly listeners: Listeners;
  /** What it said, in order. */
  readonly said: readonly FromWorker[];
  /** Does not see to its messages, as a process that is blocked. */
  stall(): void;
  resume(): void;
  /** Its end, as the primary sees it. */
  dies(): void;
  /** The end of the primary, as the worker sees it. */
  abandon(): void;
}

export interface Linked {
  readonly sockets: WorkerSockets;
  worker(): LinkedWorker;
}

interface Echoed {
  readonly to: number;
  readonly message: ToWorker;
}

const startEcho = async (): Promise<ChildProcess> => {
  const echo = fork(join(import.meta.dirname, 'programs/echo.mjs'), { execArgv: [] });
  onTestFinished(async () => {
    if (echo.exitCode !== null) return;
    const exit = once(echo, 'exit');
    echo.kill('SIGKILL');
    await exit;
  });
  await once(echo, 'spawn');
  return echo;
};

/**
 * A primary and its workers in one process. What the primary says goes by way of another process, so that the sockets
 * that come with it are duplicates, as they are in a worker.
 */
export const linked = async (options: SocketsOptions = {}): Promise<Linked> => {
  const echo = await startEcho();
  const sockets = createSockets(options);
  onTestFinished(() => sockets.close());
  const workers: ((message: ToWorker, handle: unknown) => void)[] = [];
  const arrived: (() => void)[] = [];
  echo.on('message', (said: Echoed | 'closed', handle) => {
    if (said === 'closed') arrived.shift()?.();
    else arrived.push(() => workers[said.to]?.(said.message, handle));
  });

  const worker = (): LinkedWorker => {
    const to = workers.length;
    const messages = new Subject<FromWorker>();
    const heard = new Subject<Delivery>();
    const exit = new AsyncSubject<ProcessExit>();
    const said: FromWorker[] = [];
    const held: Delivery[] = [];
    let isStalled = false;
    workers.push((message, handle) => {
      if (isStalled) held.push({ message, handle });
      else heard.next({ message, handle });
    });
    sockets.serve({
      pid: 1_000 + to,
      messages$: messages,
      exit$: exit,
      send: (message, handle, sent) => {
        echo.send({ to, message } satisfies Echoed, handle as never, {}, (error) => sent?.(error === null));
      },
      kill: () => {},
    });
    return {
      said,
      listeners: workerListeners({
        sharing: options.sharing ?? 'shared',
        messages$: heard,
        send: (message) => {
          said.push(message);
          messages.next(message);
        },
      }),
      stall: () => {
        isStalled = true;
      },
      resume: () => {
        isStalled = false;
        for (const delivery of held.splice(0)) heard.next(delivery);
      },
      dies: () => {
        messages.complete();
      },
      abandon: () => heard.complete(),
    };
  };
  return { sockets, worker };
};
