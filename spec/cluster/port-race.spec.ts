import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { type AccountingReport, failures, sum } from '../accounting/tally.ts';
import { addressOf, eventually, running, saying } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

test('a server whose next port is snatched away again and again keeps answering where it was', {
  timeout: 60_000,
}, async () => {
  const [first = '', second = ''] = await freeAddresses(2);
  const { cluster } = await running({ a: saying('here', first) });
  const client = createAccountingClient({
    address: () => addressOf(cluster, 'a'),
    mode: 'keep-alive',
    connections: 4,
    rate: 400,
    check: ({ body }) => body === 'here',
  });
  client.start();
  const reports: AccountingReport[] = [];
  /** Until somebody was answered since the last look: there is load in every round. */
  const loaded = (): Promise<void> =>
    eventually(() => {
      const report = client.take();
      reports.push(report);
      return report.answered > 0;
    });
  const port = Number(second.split(':')[1]);
  const seen = new Set<string>();
  for (let round = 0; round < 30; round += 1) {
    const thief = createServer();
    const stolen = new Promise<boolean>((resolve) => {
      thief.once('error', () => resolve(false));
      thief.once('listening', () => resolve(true));
    });
    await loaded();
    // In this very turn, so that who comes first is anybody's guess.
    const outcome = cluster.apply({ a: saying('here', second) });
    if (round % 2 === 0) thief.listen(port, '127.0.0.1');
    else queueMicrotask(() => queueMicrotask(() => thief.listen(port, '127.0.0.1')));
    const { status } = await outcome;
    const isStolen = await stolen;
    seen.add(status);
    expect(status).toBe(isStolen ? 'rolledBack' : 'committed');
    expect(addressOf(cluster, 'a')).toBe(isStolen ? first : second);
    if (isStolen) await new Promise((resolve) => thief.close(resolve));
    else await cluster.apply({ a: saying('here', first) });
  }
  reports.push(await client.stop());
  expect(failures(sum(reports))).toBe(0);
  expect(seen).toContain('rolledBack');
});
