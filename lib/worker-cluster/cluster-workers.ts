import { createWorkers } from '../workers/create-workers.ts';
import { ProcessCluster } from './process-cluster.ts';
import type { WorkerCluster, WorkerClusterOptions } from './worker-cluster.ts';

/** Processes are started from files that Node can run: those that are built. */
const SCRIPT = new URL('./agent/main.js', import.meta.url);

/** All that it needs: a spare has it before it has a slot. */
const PROGRAM = new URL('./agent/program.js', import.meta.url);

/**
 * Makes a cluster whose servers run in several processes at once: on every core, behind the same addresses.
 *
 * It is used as a cluster in one process is: configs go into its siphon, each has one outcome, and every state comes back
 * on one stream. A config is put in force by all workers or by none: all prepare it, then all switch. A worker that
 * starts, or comes back after a crash, gets what is in force before it is given any work.
 *
 * Configs have to be data. Code is named: by the path of a module below `baseDir` (`app: './app.ts'`,
 * `handler: './hello.ts#hello'`), or by a name that the module of the option `code` exports.
 *
 * Nothing is started until `start`. With `await using cluster = clusterWorkers()` it stops where its block ends.
 *
 * @throws OptionsError for options it cannot work with; nothing is started.
 *
 * @example
 * ```ts
 * import { clusterWorkers } from 'sluice/workers';
 *
 * const cluster = clusterWorkers({ count: 2 });
 * await cluster.start();
 * const hello = { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'hello' } }] };
 * const outcome = await cluster.apply({ hello });
 * console.log(outcome.status); // committed
 * const url = cluster.snapshot.servers.hello?.url ?? '';
 * console.log(await (await fetch(url)).text()); // hello
 * await cluster.stop();
 * ```
 */
export const clusterWorkers = (options: WorkerClusterOptions = {}): WorkerCluster =>
  new ProcessCluster(options, ({ preload = [], ...workers }) =>
    createWorkers({ ...workers, script: SCRIPT, preload: [PROGRAM, ...preload] }),
  );
