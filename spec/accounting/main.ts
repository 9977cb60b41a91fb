/**
 * Runs accounting clients in a process of their own, so that measuring does not share a core with what is measured.
 *
 * Started by `accounting-process.ts`; its orders come as one JSON argument, then over the IPC channel.
 */
import { type AccountingClient, createAccountingClient } from './accounting-client.ts';
import type { ClientOrder, Command, Reply } from './accounting-process.ts';
import type { Answer } from './response-reader.ts';
import type { AccountingReport } from './tally.ts';

const orders: readonly ClientOrder[] = JSON.parse(process.argv[2] ?? '[]');

const addresses = new Map(orders.map((order) => [order.name, order.address]));

const clientOf = (order: ClientOrder): AccountingClient => {
  const { name, address, expectStatus = 200, expectBody, version, ...rest } = order;
  const body = expectBody === undefined ? undefined : new RegExp(expectBody);
  const pattern = version === undefined ? undefined : new RegExp(version);
  return createAccountingClient({
    ...rest,
    address: () => addresses.get(name) ?? address,
    check: (answer: Answer) => answer.status === expectStatus && (body === undefined || body.test(answer.body)),
    ...(pattern && { version: (answer: Answer) => pattern.exec(answer.body)?.[1] }),
  });
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
