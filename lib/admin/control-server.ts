import { chmodSync } from 'node:fs';
import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import { type Cluster, createCluster } from '../cluster/cluster.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { Logger } from '../log/logger.ts';
import type { Runnable } from '../supervision/runnable.ts';
import { type ControlTarget, createControlApp } from './control-app.ts';
import { controlDirectories, prepareDirectory, type Surroundings } from './control-directory.ts';
import { isBindable, socketIn, sweep } from './control-socket.ts';
import { ControlDirectoryError } from './errors.ts';
import { MOST_BODY_BYTES } from './request-body.ts';

/** The control API of this process, on a socket of its own. */
export interface ControlServer extends Runnable {
  /** Where it listens, once it does. */
  readonly path: string | undefined;
}

/**
 * Milliseconds an order may take: each of many workers that are replaced has its time to get ready and to leave. Who
 * gives an order says how long it is waited for.
 */
const ORDER_MS = 3_600_000;
/** Milliseconds for answers under way when it stops; streams end at once. */
const DRAIN_MS = 1_000;

/**
 * Serves the control API on a unix socket that only its owner can reach: 0600, in a private directory.
 *
 * It is a cluster of one server, beside the one it controls. `start()` makes the directory, or refuses the one that is
 * there, and removes the sockets of processes that have died.
 *
 * @throws ControlDirectoryError from `start()` when the directory is not private, BindError when the socket cannot be
 *   bound.
 */
export const createControlServer = (target: ControlTarget, where: Surroundings, logger: Logger): ControlServer => {
  const state$ = new BehaviorSubject('New');
  const closing$ = new Subject<void>();
  let cluster: Cluster | undefined;
  let path: string | undefined;
  return {
    name: 'control',
    state$: state$ as Observable<string>,
    get path() {
      return path;
    },
    async start() {
      state$.next('Booting');
      const [directory] = controlDirectories(where);
      prepareDirectory(directory, where);
      await sweep(directory);
      const socket = socketIn(directory, target.identity.name, target.identity.pid);
      if (!isBindable(socket.path)) {
        const hint = 'name a directory with a shorter path with SLUICE_CONTROL_DIR';
        throw new ControlDirectoryError(directory, 'has too long a path for a socket', hint);
      }
      const app = createControlApp(target, { transport: { kind: 'unix' }, closing$ });
      cluster = createCluster({ name: 'control', logger });
      await cluster.start();
      const outcome = await cluster.apply({
        control: {
          listen: `unix:${socket.path}`,
          app,
          handlerTimeoutMs: ORDER_MS,
          maxBodyBytes: MOST_BODY_BYTES,
          drainTimeoutMs: DRAIN_MS,
        },
      });
      if (outcome.status !== 'committed') {
        await cluster.stop();
        throw causeOf(outcome);
      }
      // Until here the mode was what the umask left, in a directory that nobody else can enter.
      chmodSync(socket.path, 0o600);
      path = socket.path;
      state$.next('Running');
    },
    async stop() {
      state$.next('Stopping');
      closing$.next();
      await cluster?.stop();
      state$.next('Stopped');
    },
  };
};

const causeOf = (outcome: Outcome): Error =>
  outcome.status === 'rolledBack' ? outcome.cause : new Error(`the control server was ${outcome.status}`);
