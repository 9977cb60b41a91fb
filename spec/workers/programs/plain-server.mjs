// Workers whose script knows nothing of all this: a plain server on a port that is named. Arguments: port, how many.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { createWorkers } from 'sluice/workers';

const [port, count = '2', then = ''] = process.argv.slice(2);
const say = (type, fields = {}) => console.log(JSON.stringify({ type, pid: process.pid, ...fields }));
const silent = { error() {}, warn() {}, info() {}, debug() {} };

if (cluster.isWorker) {
  const server = createServer((_request, response) => response.end(String(process.pid)));
  server.on('error', ({ code, syscall, port: at }) => {
    say('failed', { code, syscall, at });
    process.exit(1);
  });
  server.listen(Number(port), '127.0.0.1', () => {
    say('serving', { address: server.address() });
    if (then === 'twice') {
      const second = createNetServer();
      second.on('error', ({ code, syscall }) => say('second', { code, syscall }));
      second.listen(Number(port), '127.0.0.1', () => say('second'));
    }
    if (then === 'close') {
      server.close(() => {
        say('closed');
        server.listen(Number(port), '127.0.0.1', () => {
          say('again');
          server.close(() => say('closed-again'));
          // It lives on without a server.
          setInterval(() => {}, 60_000);
        });
      });
    }
  });
} else {
  const workers = createWorkers({
    count: Number(count),
    port: 0,
    args: process.argv.slice(2),
    startupDelayMs: 0,
    respawnDelayMs: 0,
    maxCrashes: 0,
    logger: silent,
  });
  const commands = {
    kill: ({ pids }) => {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    },
    restart: async () => {
      await workers.restart();
      say('restarted');
    },
    stop: async () => {
      await workers.stop();
      process.exit(workers.exitCode);
    },
  };
  process.on('message', ({ command, ...rest }) => commands[command](rest));
  workers.start().then(
    () => say('started'),
    (error) => say('not-started', { message: error.message }),
  );
}
