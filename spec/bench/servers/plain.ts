/** One plain node:http server that is changed by hand: what people write before they look for a framework. */
import { createServer, type Server } from 'node:http';
import { setting, takeOrders } from '../harness/orders.ts';

export interface PlainSetting {
  /** Exchange the function behind the socket, or close the server and listen anew. */
  readonly how: 'slot' | 'close-and-listen';
  readonly port: number;
  readonly body: string;
}

const { how, port, body } = setting() as PlainSetting;

let current = body;

const open = (text: () => string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.end(text()));
    server.keepAliveTimeout = 60_000;
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

let server = await open(() => current);

const listenAnew = async (text: string): Promise<void> => {
  server.close();
  server = await open(() => text);
};

takeOrders({
  change: async (text: string) => {
    if (how === 'slot') current = text;
    else await listenAnew(text);
  },
});
