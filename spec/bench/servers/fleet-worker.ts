/** A worker of the fleets of others: the app on a bare adapter, as their documentation asks for it. */
import { createAdaptorServer } from '@hono/node-server';
import { setting } from '../harness/orders.ts';
import { fleetApp } from './fleet-app.ts';

export interface FleetWorkerSetting {
  readonly port: number;
}

const { port } = setting() as FleetWorkerSetting;

const server = createAdaptorServer({ fetch: fleetApp().fetch });
// What pm2 waits for with `wait_ready`; the others wait for the socket.
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
// What pm2 asks a worker to leave with.
process.on('SIGINT', () => server.close(() => process.exit(0)));
