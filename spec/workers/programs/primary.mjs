// A primary that does what it is told over IPC, and says what its workers say.
import { nodeProcesses } from '../../../dist/workers/node-processes.js';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, ...fields }));
const fork = nodeProcesses(process.argv[2] ?? 'shared');
const processes = new Map();

const assignment = {
  slot: 0,
  count: 2,
  port: 0,
  sharing: process.argv[2] ?? 'shared',
  heartbeatMs: 0,
  orphanDrainMs: 2_000,
  env: {},
  args: [],
};

const commands = {
  fork({ script, preload = [], execArgv = [], env = {}, assign }) {
    const forkedAt = performance.now();
    const worker = fork({ script, preload, execArgv, env, args: [] });
    const { pid } = worker;
    processes.set(pid, worker);
    say('forked', { pid });
    worker.messages$.subscribe({
      next: (message) => {
        say('message', { pid, afterMs: performance.now() - forkedAt, message });
        if (message.type === 'hello' && assign !== undefined) commands.assign({ pid, assign });
      },
      complete: () => say('silent', { pid }),
    });
    worker.exit$.subscribe({
      next: ({ code, signal }) => say('exit', { pid, code, signal }),
      error: ({ name, code, cause }) => say('unstarted', { name, code, cause: String(cause?.code) }),
    });
  },
  send({ pid, message, times = 1 }) {
    let delivered = 0;
    let refused = 0;
    for (let sent = 0; sent < times; sent += 1) {
      processes.get(pid).send(message, undefined, (wasDelivered) => {
        if (wasDelivered) delivered += 1;
        else refused += 1;
        if (delivered + refused === times) say('sent', { delivered, refused });
      });
    }
  },
  assign: ({ pid, assign }) => processes.get(pid).send({ type: 'assign', assignment: { ...assignment, ...assign } }),
  kill: ({ pid, signal }) => processes.get(pid).kill(signal),
  memory() {
    globalThis.gc?.();
    say('memory', { rssBytes: process.memoryUsage().rss });
  },
};

process.on('message', ({ command, ...rest }) => commands[command](rest));
say('listening', { pid: process.pid });
