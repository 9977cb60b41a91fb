import type { Order, OrderReply } from './child.ts';

const send = (reply: OrderReply): void => {
  process.send?.(reply);
};

/** The setting the bench started this process with. */
export const setting = (): unknown => JSON.parse(process.argv[2] ?? '{}');

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
  process.once('disconnect', () => process.exit(0));
  send({ type: 'ready', data: ready });
};
