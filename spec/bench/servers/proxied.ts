/** Who requests are passed on to, and is killed for it: what `proxy-kills` starts again and again. */
import { createServer } from 'node:http';
import { setting, takeOrders } from '../harness/orders.ts';

export interface ProxiedSetting {
  readonly port: number;
}

const { port } = setting() as ProxiedSetting;

const server = createServer((_, response) => response.end('ok'));
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
takeOrders({});
