// One worker of release 2.
import { createServer } from 'node:http';
import { workerContext } from 'sluice/workers';

const context = workerContext();
const server = createServer((_, response) => response.end('release 2'));
context.serve(server);
server.listen(context.port, '127.0.0.1', () => context.ready());
