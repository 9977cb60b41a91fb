// Listens on the port it is told, and falls as it is told: `boot` before it listens; else when SIGUSR1 arrives, with an
// exit code, by something thrown, or by keeping its event loop busy for 3 s.
import { createServer } from 'node:http';

const [how, port] = process.argv.slice(2);

const fall = {
  boot: () => process.exit(1),
  exit: () => process.exit(3),
  clean: () => process.exit(0),
  throw: () => {
    throw Object.assign(new RangeError('out of luck'), { code: 'ERR_LUCK' });
  },
  block: () => {
    const until = performance.now() + 3_000;
    while (performance.now() < until);
  },
};

if (how === 'boot') fall.boot();
process.on('SIGUSR1', () => fall[how]());
createServer((_request, response) => response.end(String(process.pid))).listen(Number(port), '127.0.0.1');
