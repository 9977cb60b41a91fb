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

/** Answers as the clusters of these benches do: `/after/<ms>` later, `/bytes/<amount>` with much. */
const open = (text: () => string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const [, verb, amount] = (request.url ?? '').split('/');
      if (verb === 'after') setTimeout(() => response.end(text()), Number(amount));
      else response.end(verb === 'bytes' ? 'x'.repeat(Number(amount)) : text());
    });
    server.keepAliveTimeout = 60_000;
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

let server = await open(() => current);

const listenAnew = async (text: string): Promise<void> => {
  server.close();
  server = await open(() => text);
};

// What is usually meant by a graceful shutdown.
process.once('SIGTERM', () => {
  server.close();
  process.disconnect();
});

takeOrders({
  change: async (text: string) => {
    if (how === 'slot') current = text;
    else await listenAnew(text);
  },
});
