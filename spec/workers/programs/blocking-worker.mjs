// Listens, and soon after that keeps its event loop busy for 3 s.
import { createServer } from 'node:http';

createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  setTimeout(() => {
    const until = performance.now() + 3_000;
    while (performance.now() < until);
  }, 100);
});
