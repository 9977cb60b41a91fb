import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { AsyncSubject, Subject } from 'rxjs';
import { afterAll, onTestFinished } from 'vitest';
import type { Listeners } from '../../lib/listener/listener.ts';
import { createSockets, type SocketsOptions } from '../../lib/workers/create-sockets.ts';
import type { ProcessExit } from '../../lib/workers/exit.ts';
import { discardHandle } from '../../lib/workers/handle.ts';
import type { FromWorker, ToWorker } from '../../lib/workers/protocol.ts';
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
  readonly primary: number;
  readonly to: number;
  readonly message: ToWorker;
}

interface Echo {
  readonly child: ChildProcess;
  readonly primaries: ((to: number, message: ToWorker, handle: unknown) => void)[];
}

let echo: Promise<Echo> | undefined;

afterAll(async () => {
  const running = await echo;
  echo = undefined;
  running?.child.kill('SIGKILL');
});

/** One for all tests of a file. */
const startEcho = async (): Promise<Echo> => {
  const child = fork(join(import.meta.dirname, 'programs/echo.mjs'), { execArgv: [] });
  const primaries: Echo['primaries'] = [];
  const arrived: (() => void)[] = [];
  child.on('message', (said: Echoed | 'closed', handle) => {
    if (said === 'closed') arrived.shift()?.();
    else arrived.push(() => primaries[said.primary]?.(said.to, said.message, handle));
  });
  await once(child, 'spawn');
  return { child, primaries };
};

/**
 * A primary and its workers in one process. What the primary says goes by way of another process, so that the sockets
 * that come with it are duplicates, as they are in a worker.
 */
export const linked = async (options: SocketsOptions = {}): Promise<Linked> => {
  echo ??= startEcho();
  const { child, primaries } = await echo;
  const sockets = createSockets(options);
  onTestFinished(() => sockets.close());
  const workers: ((message: ToWorker, handle: unknown) => void)[] = [];
  const primary = primaries.length;
  primaries.push((to, message, handle) => workers[to]?.(message, handle));

  const worker = (): LinkedWorker => {
    const to = workers.length;
    const messages = new Subject<FromWorker>();
    const gone = new Subject<void>();
    const ears = new Set<(message: ToWorker, handle: unknown) => boolean>();
    const exit = new AsyncSubject<ProcessExit>();
    const said: FromWorker[] = [];
    const held: (() => void)[] = [];
    let isStalled = false;
    let isAbandoned = false;
    let lastId = 0;
    const hear = (message: ToWorker, handle: unknown): void => {
      if (![...ears].some((ear) => ear(message, handle))) discardHandle(handle);
    };
    workers.push((message, handle) => {
      if (isStalled) held.push(() => hear(message, handle));
      else hear(message, handle);
    });
    sockets.serve({
      pid: 1_000 + to,
      messages$: messages,
      exit$: exit,
      send: (message, handle, sent) => {
        child.send({ primary, to, message } satisfies Echoed, handle as never, {}, (error) => sent?.(error === null));
      },
      kill: () => {},
    });
    return {
      said,
      listeners: workerListeners(
        {
          nextId: () => {
            lastId += 1;
            return lastId;
          },
          onMessage: (ear) => {
            ears.add(ear);
            return () => ears.delete(ear);
          },
          onGone: (listener) => {
            const told = gone.subscribe(listener);
            return () => told.unsubscribe();
          },
          send: (message, _handle, sent) => {
            queueMicrotask(() => sent?.(!isAbandoned));
            if (isAbandoned) return;
            said.push(message);
            messages.next(message);
          },
        },
        options.sharing ?? 'shared',
      ),
      stall: () => {
        isStalled = true;
      },
      resume: () => {
        isStalled = false;
        for (const deliver of held.splice(0)) deliver();
      },
      dies: () => {
        messages.complete();
      },
      abandon: () => {
        isAbandoned = true;
        gone.next();
      },
    };
  };
  return { sockets, worker };
};
