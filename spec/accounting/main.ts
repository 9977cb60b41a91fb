/**
 * Runs accounting clients in a process of their own, so that measuring does not share a core with what is measured.
 *
 * Started by `accounting-process.ts`; its orders come as one JSON argument, then over the IPC channel.
 */
import { type AccountingClient, createAccountingClient } from './accounting-client.ts';
import type { ClientOrder, Command, Reply } from './accounting-process.ts';
import { createHttp2AccountingClient } from './http2-client.ts';
import type { Answer } from './response-reader.ts';
import type { AccountingReport } from './tally.ts';

const orders: readonly ClientOrder[] = JSON.parse(process.argv[2] ?? '[]');

const addresses = new Map(orders.map((order) => [order.name, order.address]));

const clientOf = (order: ClientOrder): AccountingClient => {
  const { name, address, expectStatus = 200, expectBody, version, http2 = false, ...rest } = order;
  const body = expectBody === undefined ? undefined : new RegExp(expectBody);
  const pattern = version === undefined ? undefined : new RegExp(version);
  const shared = {
    address: () => addresses.get(name) ?? address,
    check: (answer: Pick<Answer, 'status' | 'body'>) =>
      answer.status === expectStatus && (body === undefined || body.test(answer.body)),
    ...(pattern && { version: (answer: Pick<Answer, 'body'>) => pattern.exec(answer.body)?.[1] }),
  };
  if (!http2) return createAccountingClient({ ...rest, ...shared });
  const { connections = 4, path = '/', limitMs = 2000, retryMs = 5 } = rest;
  const sessions = { sessions: connections, streams: 4, tls: { rejectUnauthorized: false } };
  return createHttp2AccountingClient({ ...sessions, path, limitMs, retryMs, ...shared });
};

const clients = new Map(orders.map((order) => [order.name, clientOf(order)]));

const send = (reply: Reply): void => {
  process.send?.(reply);
};

const reportsOf = (reports: readonly (readonly [string, AccountingReport])[]): Reply => ({
  type: 'reports',
  reports: Object.fromEntries(reports),
});

process.on('message', (command: Command) => {
  switch (command.type) {
    case 'address':
      addresses.set(command.name, command.address);
      break;
    case 'take':
      send(reportsOf([...clients].map(([name, client]) => [name, client.take()] as const)));
      break;
    case 'settled':
      void Promise.all(command.names.map((name) => clients.get(name)?.settled())).then(() => send(reportsOf([])));
      break;
    case 'stop':
      void Promise.all([...clients].map(async ([name, client]) => [name, await client.stop()] as const)).then(
        (reports) => {
          send(reportsOf(reports));
          process.disconnect();
        },
      );
      break;
  }
});
// Whoever started this process went away: nobody is left to report to.
process.once('disconnect', () => process.exit(0));

for (const client of clients.values()) client.start();
send({ type: 'started' });
