import { connect } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { createHttp2AccountingClient, type Http2AccountingOptions } from '../accounting/http2-client.ts';
import { type AccountingReport, failures } from '../accounting/tally.ts';
import { get } from '../listener/wire.ts';
import { ask } from '../server/http2/speaking.ts';
import { certificate } from '../server/tls/certificates.ts';
import { dialTls } from '../server/tls/tls-wire.ts';
import { running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses, freePorts } from './fixtures/ports.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const shown = ({ written, answered, asked, refused, connected, examples }: AccountingReport): string =>
  JSON.stringify({ written, answered, asked, refused, connected, examples });

const anybody = { rejectUnauthorized: false, servername: 'localhost' };

/** Sessions that ask without a break, wherever the server is. */
const loading = (address: () => string, more: Partial<Http2AccountingOptions> = {}) => {
  const client = createHttp2AccountingClient({
    address,
    tls: anybody,
    sessions: 4,
    streams: 6,
    version: ({ body }) => body,
    ...more,
  });
  client.start();
  onTestFinished(() => void client.stop());
  return client;
};

/** A server of a certificate of its own that says `word`. */
const speaking = async (listen: string): Promise<(word: string, more?: Partial<ServerConfig>) => ServerConfig> => {
  const tls = await certificate();
  return (word, more = {}) => saying(word, listen, { tls, http2: true, ...more });
};

test('clients choose between HTTP/2 and HTTP/1.1 on one port', async () => {
  const [port = 0] = await freePorts(1);
  const config = await speaking(`127.0.0.1:${port}`);
  const { cluster } = await running({ a: config('both') });
  const session = connect(`https://127.0.0.1:${port}`, anybody);
  onTestFinished(() => session.destroy());
  expect((await ask(session)).body).toBe('both');
  expect(session.alpnProtocol).toBe('h2');
  const wire = dialTls({ kind: 'tcp', host: '127.0.0.1', port });
  wire.write(get('/'));
  expect((await wire.responses())[0]).toMatchObject({ status: 200, body: 'both' });
  await until(cluster, ({ servers }) => servers.a?.connections === 2);
});

test('changes of handlers and certificates touch no session, and cost no request', async () => {
  const [address = ''] = await freeAddresses(1);
  const config = await speaking(address);
  const { cluster } = await running({ a: config('v0') });
  const client = loading(() => address);
  const pairs = await Promise.all(Array.from({ length: 10 }, () => certificate()));
  for (let n = 1; n <= 100; n += 1) {
    const tls = pairs[n % pairs.length];
    const outcome = await cluster.apply({ a: config(`v${n}`, tls === undefined ? {} : { tls }) });
    expect(outcome.status).toBe('committed');
    await pause(5);
  }
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report).toMatchObject({ connected: 4, asked: 0, refused: 0 });
  expect(Object.keys(report.firstSeen).length).toBeGreaterThan(50);
});

test('moves from one address to another cost no request', { timeout: 30_000 }, async () => {
  const addresses = await freeAddresses(2);
  const [one, two] = await Promise.all(addresses.map(speaking));
  if (one === undefined || two === undefined) throw new Error('there are two');
  const { cluster } = await running({ a: one('v0', { drainTimeoutMs: 5_000 }) });
  let at = addresses[0] ?? '';
  const client = loading(() => at);
  for (let n = 1; n <= 10; n += 1) {
    const config = n % 2 === 0 ? one : two;
    const changed = cluster.apply({ a: config(`v${n}`, { drainTimeoutMs: 5_000 }) });
    await until(cluster, ({ servers }) => servers.a?.address === addresses[n % 2]);
    at = addresses[n % 2] ?? '';
    await changed;
    await pause(150);
  }
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report.asked).toBeGreaterThan(4 * 5);
  expect(report.answered).toBeGreaterThan(500);
});

test('a server that is removed answers what its sessions have asked, and gives its address back', async () => {
  const [address = ''] = await freeAddresses(1);
  const config = await speaking(address);
  const { cluster } = await running({ a: config('here', { drainTimeoutMs: 5_000 }) });
  const client = loading(() => address);
  await pause(200);
  await cluster.apply({});
  await until(cluster, ({ draining }) => draining.length === 0);
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report.answered).toBeGreaterThan(100);
});

test('turning HTTP/2 off and on has sessions leave after what they asked, at nobody’s cost', async () => {
  const [address = ''] = await freeAddresses(1);
  const config = await speaking(address);
  const { cluster } = await running({ a: config('v0') });
  const client = loading(() => address);
  for (let n = 1; n <= 6; n += 1) {
    await pause(150);
    expect((await cluster.apply({ a: config(`v${n}`, { http2: n % 2 === 0 }) })).status).toBe('committed');
  }
  await pause(150);
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report.asked).toBeGreaterThanOrEqual(4 * 3);
  expect(Object.keys(report.firstSeen)).toEqual(expect.arrayContaining(['v0', 'v2', 'v4', 'v6']));
});
