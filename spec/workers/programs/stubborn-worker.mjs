// Listens, and does not leave whatever it is told.
import { createServer } from 'node:http';

process.exit = () => {};
process.on('SIGTERM', () => {});
setInterval(() => {}, 1_000);
createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
