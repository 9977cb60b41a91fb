import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { failures } from '../accounting/tally.ts';
import { eventually, serve } from '../server/serving.ts';

const FLOOD = 5_000;
const AT_ONCE = 200;
const INSIDE = 8;

test('five thousand connections beyond the limit cost those within it nothing', { timeout: 60_000 }, async () => {
  const serving = await serve({ app: () => new Response('in'), limits: { maxConnections: INSIDE } });
  const { listener } = serving.host;
  listener?.limit(INSIDE);
  const { address } = serving;
  const port = address.kind === 'tcp' ? address.port : 0;
  const good = createAccountingClient({
    address: () => `127.0.0.1:${port}`,
    mode: 'keep-alive',
    connections: INSIDE,
    rate: 500,
    check: ({ status, body }) => status === 200 && body === 'in',
  });
  good.start();
  await eventually(() => serving.server.connections === INSIDE);
  let answered = 0;
  const flood = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('data', () => {
        answered += 1;
      });
      socket.once('error', () => undefined);
      socket.once('close', () => resolve());
      socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    });
  for (let at = 0; at < FLOOD; at += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, flood));
  const report = await good.stop();
  expect(failures(report)).toBe(0);
  expect(report.connected).toBe(INSIDE);
  expect(report.answered).toBe(report.written);
  expect(answered).toBe(0);
});
