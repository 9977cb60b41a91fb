// A primary that wants to share addresses in two ways; forked by itself with Node's cluster, a worker that wants workers.
import cluster from 'node:cluster';
import { nodeProcesses } from '../../../dist/workers/node-processes.js';

const say = (type, fields) => console.log(JSON.stringify({ type, ...fields }));
const errorOf = (attempt) => {
  try {
    attempt();
  } catch ({ name, code }) {
    return { name, code };
  }
};

if (cluster.isPrimary) {
  const fork = nodeProcesses('shared');
  const script = new URL('./scripted-worker.mjs', import.meta.url).pathname;
  const worker = fork({ script, preload: [], execArgv: [], env: {}, args: [] });
  say(
    'refused',
    errorOf(() => nodeProcesses('round-robin')),
  );
  say('forked like before', { exec: cluster.settings.exec });
  const other = cluster.fork();
  other.once('exit', () => {
    worker.kill('SIGKILL');
    process.disconnect();
  });
} else {
  say(
    'nested',
    errorOf(() => nodeProcesses('shared')),
  );
  process.exit();
}
