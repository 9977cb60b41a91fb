// One worker of release 1.
import { createServer } from 'node:http';
import { workerContext } from 'sluice/workers';

const context = workerContext();
const server = createServer((_, response) => response.end('release 1'));
context.serve(server);
server.listen(context.port, '127.0.0.1', () => context.ready());
