/** A worker of `createWorkers`: a plain server of Node in the hands of its context. */
import { createAdaptorServer } from '@hono/node-server';
import { workerContext } from '../../../lib/workers.ts';
import { fleetApp } from './fleet-app.ts';

const context = workerContext();
const server = createAdaptorServer({ fetch: fleetApp().fetch });
context.serve(server);
server.listen(context.port, '127.0.0.1', () => context.ready());
