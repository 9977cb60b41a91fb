// Listens, and then holds on to more and more memory.
import { createServer } from 'node:http';

const held = [];
createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  setInterval(() => {
    for (let block = 0; block < 20; block += 1) held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  }, 5);
});
