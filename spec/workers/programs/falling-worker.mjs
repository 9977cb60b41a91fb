// Listens on the port it is told, and falls as it is told: `boot` before it listens; `stay` by never leaving; else when
// SIGUSR1 arrives, with an exit code, by something thrown, by keeping its event loop busy for 3 s, or by holding 100 MB.
import { createServer } from 'node:http';

const [how, port] = process.argv.slice(2);

const held = [];

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
  swell: () => {
    held.push(Buffer.alloc(100_000_000, 1));
  },
  stay: () => {
    process.exit = () => {};
    setInterval(() => {}, 1_000);
  },
};

if (how === 'boot' || how === 'stay') fall[how]();
process.on('SIGUSR1', () => fall[how]());
createServer((_request, response) => response.end(String(process.pid))).listen(Number(port), '127.0.0.1');
