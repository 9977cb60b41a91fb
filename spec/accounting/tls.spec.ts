import { createServer } from 'node:https';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { createAccountingClient } from './accounting-client.ts';
import { type AccountingReport, failures, sum } from './tally.ts';

const serve = async (): Promise<string> => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const server = createServer({ cert, key }, (_, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test.each(['keep-alive', 'fresh'] as const)('requests over TLS are accounted for: %s', async (mode) => {
  const address = await serve();
  const client = createAccountingClient({ address: () => address, mode, tls: true, connections: 4 });
  client.start();
  const reports: AccountingReport[] = [];
  const answered = (): number => {
    reports.push(client.take());
    return sum(reports).answered;
  };
  await expect.poll(answered, { timeout: 10_000 }).toBeGreaterThan(20);
  const report = sum([...reports, await client.stop()]);
  expect(report.answered).toBeGreaterThan(3);
  expect(failures(report)).toBe(0);
  if (mode === 'fresh') expect(report.connected).toBeGreaterThanOrEqual(report.answered);
  else expect(report.connected).toBe(4);
});

test('who speaks no TLS is a connection that was not made', async () => {
  let tried = 0;
  const server = createPlainServer((socket) => {
    tried += 1;
    socket.end('HTTP/1.1 200 OK\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = createAccountingClient({
    address: () => `127.0.0.1:${port}`,
    mode: 'fresh',
    tls: true,
    connections: 1,
  });
  client.start();
  await expect.poll(() => tried, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(await client.stop()).toMatchObject({ written: 0, connected: 0 });
});

test('an empty address is waited out, and whoever is connected goes on', async () => {
  const open = await serve();
  let address = '';
  let asked = 0;
  const where = (): string => {
    asked += 1;
    return address;
  };
  const client = createAccountingClient({ address: where, mode: 'keep-alive', tls: true, connections: 2 });
  client.start();
  await expect.poll(() => asked, { timeout: 5_000 }).toBeGreaterThan(4);
  expect(client.take()).toMatchObject({ connected: 0, refused: 0 });
  address = open;
  await expect.poll(() => client.take().answered, { timeout: 5_000 }).toBeGreaterThan(0);
  address = '';
  await client.settled();
  client.take();
  await expect.poll(() => client.take().answered, { timeout: 5_000 }).toBeGreaterThan(0);
  expect(failures(await client.stop())).toBe(0);
});
