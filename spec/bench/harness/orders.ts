import type { Order, OrderReply } from './child.ts';

const send = (reply: OrderReply): void => {
  process.send?.(reply);
};

/** Tells the bench something it did not ask for. */
export const say = (data: unknown): void => send({ type: 'said', data });

/** The setting the bench started this process with. */
export const setting = (): unknown => JSON.parse(process.argv[2] ?? '{}');

const bench = process.ppid;

/** The server's half of `startChild`: says that it is ready, then carries out orders until the bench goes away. */
export const takeOrders = (verbs: Readonly<Record<string, (data: never) => unknown>>, ready: unknown = {}): void => {
  process.on('message', ({ id, verb, data }: Order) => {
    const carryOut = verbs[verb];
    if (carryOut === undefined) {
      send({ type: 'error', id, message: `no verb ${verb}` });
      return;
    }
    void (async () => carryOut(data as never))().then(
      (result) => send({ type: 'result', id, data: result ?? null }),
      (cause: unknown) =>
        send({ type: 'error', id, message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
    );
  });
  // The bench went away. A server that lets go of the channel itself ends when its work does.
  process.once('disconnect', () => {
    if (process.ppid !== bench) process.exit(0);
  });
  send({ type: 'ready', data: ready });
};
