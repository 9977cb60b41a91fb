// One cluster in two processes, behind one port: a config is in force in both, or in none.
import { fileURLToPath } from 'node:url';
import { clusterWorkers } from 'sluice/workers';

const baseDir = fileURLToPath(new URL('modules', import.meta.url));

// #region main
await using cluster = clusterWorkers({
  count: 2,
  baseDir,
  env: (slot) => ({ WORKERS: '2', LICENSE: slot === 0 ? 'yes' : undefined }),
  logger: { error() {}, warn() {}, info() {}, debug() {} },
});
await cluster.start();

const first = await cluster.apply({ web: { listen: '127.0.0.1:0', app: './who.ts' } });
console.log(first.status, cluster.snapshot.servers.web?.state);

const url = cluster.snapshot.servers.web?.url ?? '';
console.log(await (await fetch(url)).text());
// #endregion

// #region refused
const outcome = await cluster.apply({
  web: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'the new page' } }] },
  licensed: { listen: '127.0.0.1:0', app: './only-here.ts' },
});
if (outcome.status === 'rolledBack') console.log(`undone because of ${outcome.server}, ${outcome.cause.message}`);
console.log(await (await fetch(url)).text());
// #endregion

// #region rejected
const wrong = await cluster.apply({ web: { listen: '127.0.0.1:0', app: './who.ts', drainTimeoutMs: -1 } });
if (wrong.status === 'rejected') console.log(wrong.issues.map(({ path, message }) => `${path} ${message}`).join('; '));
// #endregion

// #region detail
for (const { slot, state, revision, servers } of cluster.snapshot.workers) {
  console.log(`worker ${slot}: ${state}, config ${revision}, web is ${servers.web?.state}`);
}
const { status, replaced } = await cluster.workers.restart();
console.log(status, replaced, cluster.snapshot.revision);
// #endregion

// prints:
// committed running
// one of 2 workers
// undone because of licensed, worker 1 (process …): …there is no license in this process…
// one of 2 workers
// drainTimeoutMs must be a whole number from 0 to 2147483647, not -1
// worker 0: active, config 1, web is running
// worker 1: active, config 1, web is running
// done [ 0, 1 ] { desired: 3, applied: 1 }
