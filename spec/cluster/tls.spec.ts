import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { merge } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { clusterView, outcomeView } from '../../lib/admin/cluster-view.ts';
import type { Cluster } from '../../lib/cluster/cluster.ts';
import type { Cause } from '../../lib/cluster/outcome.ts';
import { parseAddress } from '../../lib/config/address.ts';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import type { TlsConfig } from '../../lib/config/tls-config.ts';
import { dial, get } from '../listener/wire.ts';
import { certificate, directory, replaceFile, writePair } from '../server/tls/certificates.ts';
import { dialTls, type TlsWire } from '../server/tls/tls-wire.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';

const encrypted = (body: string, tls: TlsConfig, listen?: string, more: Partial<ServerConfig> = {}): ServerConfig =>
  saying(body, listen, { tls, ...more });

const at = (cluster: Cluster, id: string) => {
  const result = parseAddress(addressOf(cluster, id));
  if (!result.ok) throw new Error(result.message);
  return result.address;
};

const askOn = async (wire: TlsWire, nth = 1): Promise<string | undefined> => {
  wire.write(get('/'));
  return (await wire.responses(nth))[nth - 1]?.body;
};

const ask = (cluster: Cluster, id: string, options?: Parameters<typeof dialTls>[1]): Promise<string | undefined> =>
  askOn(dialTls(at(cluster, id), options));

const printOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

test('a server with a certificate answers over https, and says so', async () => {
  const pair = await certificate({ names: ['a.example'] });
  const { cluster } = await running({ a: encrypted('x', pair) });
  expect(await ask(cluster, 'a')).toBe('x');
  const server = cluster.snapshot.servers.a;
  expect(server?.url).toBe(`https://${server?.address}`);
  expect(server?.tls).toEqual({
    state: 'valid',
    names: ['a.example'],
    validTo: Date.parse(new X509Certificate(pair.cert).validTo),
    fingerprint: printOf(pair.cert),
    failedHandshakes: 0,
  });
  expect(server?.config.tls).toMatchObject({ certificates: ['PEM'], minVersion: 'TLSv1.2', http2: false });
  expect((await cluster.apply({ a: encrypted('x', { ...pair }) })).status).toBe('unchanged');
});

test('who looks over TCP whether anybody is there has failed at nothing, and who says something else has', async () => {
  const pair = await certificate({ names: ['a.example'] });
  const config = { ...encrypted('x', pair), health: { tcp: true, intervalMs: 10 } } as const;
  const { cluster } = await running({ a: config });
  await until(cluster, ({ servers }) => (servers.a?.health?.checks ?? 0) > 5);
  expect(cluster.snapshot.servers.a?.tls?.failedHandshakes).toBe(0);
  const wire = dial(at(cluster, 'a'));
  wire.write('no handshake at all');
  await eventually(() => cluster.snapshot.servers.a?.tls?.failedHandshakes === 1);
});

describe('material that cannot be used undoes the config, and what was in use stays', () => {
  const good = certificate();

  test.each<[string, string, () => Promise<TlsConfig>]>([
    ['no certificate', 'ERR_TLS_INVALID', async () => ({ ...(await good), cert: (await good).cert.slice(0, 60) })],
    ['the key of another', 'ERR_TLS_KEY_MISMATCH', async () => ({ ...(await good), key: (await certificate()).key })],
    ['one of yesterday', 'ERR_TLS_EXPIRED', () => certificate({ from: -9, to: -1 })],
    ['one of tomorrow', 'ERR_TLS_NOT_YET_VALID', () => certificate({ from: 1 })],
    ['a file that is not there', 'ERR_TLS_UNREADABLE', async () => ({ cert: 'none.crt', key: 'none.key' })],
    ['an empty file', 'ERR_TLS_INVALID', async () => writePair(directory(), { ...(await good), cert: '' })],
    [
      'a CA that is not there',
      'ERR_TLS_CA_MISSING',
      async () => ({ ...(await good), ca: 'none.crt', clientAuth: 'require' }),
    ],
  ])('%s', async (_, code, make) => {
    const { cluster } = await running({ a: encrypted('old', await good), b: saying('b') });
    const kept = dialTls(at(cluster, 'a'));
    expect(await askOn(kept)).toBe('old');
    const outcome = await cluster.apply({ a: encrypted('new', await make()), b: saying('other') });
    expect(outcome).toMatchObject({ status: 'rolledBack', server: 'a', cause: { code } });
    expect(await askOn(kept, 2)).toBe('old');
    const fresh = dialTls(at(cluster, 'a'));
    expect(await fresh.agreed).toBe(printOf((await good).cert));
    expect(cluster.snapshot.servers.b?.config.routes).toHaveLength(1);
    expect(cluster.snapshot.servers.a).toMatchObject({ state: 'running', tls: { state: 'valid' } });
  });
});

describe('files that are renewed while a server runs', () => {
  test('are used, shown and written once, and touch no connection', async () => {
    const files = directory();
    const [one, two] = [await certificate(), await certificate({ names: ['two.example'], to: 10 })];
    const paths = writePair(files, one);
    const { cluster, journal } = await running({ a: encrypted('x', { ...paths, minVersion: 'TLSv1.3' }) });
    const kept = dialTls(at(cluster, 'a'));
    expect(await askOn(kept)).toBe('x');
    writePair(files, two);
    await until(cluster, ({ servers }) => servers.a?.tls?.fingerprint === printOf(two.cert));
    expect(cluster.snapshot.servers.a?.tls).toMatchObject({ state: 'expiring', names: ['two.example'] });
    expect(await dialTls(at(cluster, 'a')).agreed).toBe(printOf(two.cert));
    // What the config says of versions holds for new material as well.
    await expect(dialTls(at(cluster, 'a'), { maxVersion: 'TLSv1.2' }).agreed).rejects.toThrow();
    expect(await askOn(kept, 2)).toBe('x');
    await eventually(() => journal.lines.some((line) => line.includes('uses another certificate')));
    expect(journal.lines.filter((line) => line.includes('two.example ends at'))).toHaveLength(1);
  });

  test('stay in use when the files are spoilt, and through other changes of the server', async () => {
    const files = directory();
    const one = await certificate();
    const paths = writePair(files, one);
    const { cluster, journal } = await running({ a: encrypted('one', paths) });
    replaceFile(paths.key, 'garbage');
    await until(cluster, ({ servers }) => servers.a?.tls?.error !== undefined);
    expect(cluster.snapshot.servers.a?.tls?.error).toMatchObject({ code: 'ERR_TLS_INVALID', source: paths.key });
    expect(cluster.snapshot.degraded).toBe(false);
    expect((await cluster.apply({ a: encrypted('two', paths) })).status).toBe('committed');
    expect(await ask(cluster, 'a')).toBe('two');
    expect(await dialTls(at(cluster, 'a')).agreed).toBe(printOf(one.cert));
    expect(cluster.snapshot.servers.a?.tls?.error).toBeDefined();
    expect(journal.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    // A restart reads everything again, and is refused.
    expect(await cluster.restart()).toMatchObject({ status: 'rolledBack', cause: { code: 'ERR_TLS_INVALID' } });
    expect(await ask(cluster, 'a')).toBe('two');
  });

  test('let nobody in without a certificate when the CA is taken away', async () => {
    const files = directory();
    const [pair, ca] = [await certificate(), await certificate({ names: ['ca'], signs: true })];
    const client = await certificate({ names: ['client'], by: ca });
    const path = join(files, 'ca.crt');
    replaceFile(path, ca.cert);
    const tls: TlsConfig = { ...pair, ca: path, clientAuth: 'require' };
    const { cluster } = await running({ a: encrypted('secret', tls) });
    for (const spoil of [() => replaceFile(path, ''), () => rmSync(path)]) {
      spoil();
      await until(cluster, ({ servers }) => servers.a?.tls?.error !== undefined);
      expect(cluster.snapshot.servers.a?.tls?.error).toMatchObject({ code: 'ERR_TLS_CA_MISSING' });
      await expect(ask(cluster, 'a')).rejects.toThrow();
      expect(await ask(cluster, 'a', client)).toBe('secret');
      expect((await cluster.apply({ a: encrypted('x', { ...tls, minVersion: 'TLSv1.3' }) })).status).toBe('rolledBack');
      await expect(ask(cluster, 'a')).rejects.toThrow();
    }
  });

  test('are followed no longer once the server is gone', async () => {
    const watches = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    const before = 0;
    await eventually(() => watches() === before);
    const paths = writePair(directory(), await certificate());
    const { cluster } = await running({ a: encrypted('x', paths), b: saying('b') });
    expect(watches()).toBeGreaterThan(before);
    await cluster.apply({ a: saying('plain'), b: saying('b') });
    await eventually(() => watches() === before);
    await cluster.apply({ a: encrypted('x', paths) });
    await cluster.apply({});
    await eventually(() => watches() === before);
    await cluster.apply({ a: encrypted('x', paths) });
    await cluster.stop();
    await eventually(() => watches() === before);
  });
});

test('an http and an https server exchange their addresses', async () => {
  const pair = await certificate();
  const [one = '', two = ''] = await freeAddresses(2);
  const { cluster, sockets } = await running({ a: encrypted('a', pair, one), b: saying('b', two) });
  const [left, right] = [at(cluster, 'a'), at(cluster, 'b')];
  sockets.forget();
  for (let round = 0; round < 4; round += 1) {
    const [first, second] = round % 2 === 0 ? [two, one] : [one, two];
    expect((await cluster.apply({ a: encrypted('a', pair, first), b: saying('b', second) })).status).toBe('committed');
    const [tls, plain] = round % 2 === 0 ? [right, left] : [left, right];
    expect(await askOn(dialTls(tls))).toBe('a');
    const wire = dial(plain);
    wire.write(get('/'));
    expect((await wire.responses())[0]?.body).toBe('b');
  }
  expect(sockets.attempts).toEqual([]);
  expect(sockets.closed).toEqual([]);
});

test('no secret shows in anything a cluster says', async () => {
  const canary = 'CANARY-e3f1';
  const locked = await certificate({ passphrase: canary });
  const other = await certificate();
  const secretOf = ({ key }: TlsConfig): string => key.split('\n')[2] ?? '';
  const secrets = [canary, secretOf(locked), secretOf(other)];
  expect(secrets.every((secret) => secret.length > 5)).toBe(true);
  const { cluster, journal } = rig();
  const said: unknown[] = [];
  merge(cluster.cluster$, cluster.outcomes$, cluster.state$).subscribe((value) => said.push(value));
  await cluster.start();
  const tls: TlsConfig = { ...locked, passphrase: canary };
  const attempts: readonly unknown[] = [
    tls,
    { ...tls, passphrase: `${canary}!` },
    { ...tls, key: other.key },
    { ...tls, certificates: [{ ...other, cert: locked.cert }] },
    { ...tls, ciphers: canary.replace('-', ':') },
    { ...tls, pasphrase: canary },
    { ...tls, passphrase: [canary] },
    { ...tls, cert: tls.key },
    { ...tls, key: tls.key.replaceAll('\n', '') },
    { ...tls, key: `${canary}\n` },
    { ...tls, clientAuth: 'require' },
    canary,
  ];
  const causes: Cause[] = [];
  for (const attempt of attempts) {
    const config = encrypted('x', attempt as TlsConfig);
    const outcome = await cluster.apply({ a: config });
    if (outcome.status === 'rolledBack') causes.push(outcome.cause);
    try {
      cluster.plan({ a: { ...config, name: 'other' } });
    } catch (cause) {
      said.push(cause);
    }
    said.push(outcomeView(outcome), clusterView(cluster.snapshot), cluster.error);
  }
  expect(causes.length).toBeGreaterThan(4);
  await cluster.stop();
  const everything = [
    ...[...said, ...journal.details].map((value) => inspect(value, { depth: 20, showHidden: true })),
    ...said.map((value) => JSON.stringify(value) ?? ''),
    ...journal.lines,
  ].join('\n');
  // The attempt with a wrong cipher suite differs from the canary, and is no secret.
  for (const secret of secrets) expect(everything.split('\n').filter((line) => line.includes(secret))).toEqual([]);
});
