// What runs in every worker: a listener of Node, as Express and others make one.

// #region main
import { createServer, type RequestListener } from 'node:http';
import { workerContext } from 'sluice/worker';

const app: RequestListener = (_, response) => {
  response.end(`worker ${context.slot}\n`);
};

const context = workerContext();
const server = createServer(app);
context.serve(server);
server.listen(context.port, '127.0.0.1', () => context.ready());
// #endregion
