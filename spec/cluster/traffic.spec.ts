import { connect } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { ask } from '../server/http2/speaking.ts';
import { certificate } from '../server/tls/certificates.ts';
import { addressOf, running, saying } from './fixtures/clusters.ts';

const ANY = '127.0.0.1:0';

test('a snapshot shows what a config says of connections, and nothing where it says nothing', async () => {
  const tls = await certificate();
  const { cluster } = await running({
    plain: saying('plain'),
    api: saying('api', ANY, {
      tls: { ...tls, curves: ['X25519'], sessionTickets: false },
      http2: { maxFrameSize: 65_536 },
      keepAlive: false,
      logFilter: ['has left'],
      maxInFlight: 7,
      dependsOn: ['plain'],
    }),
  });
  const { api, plain } = cluster.snapshot.servers;
  expect(api?.config).toMatchObject({
    tls: { curves: ['X25519'], sessionTickets: false, http2: true },
    http2: { maxConcurrentStreams: 100, maxFrameSize: 65_536 },
    keepAlive: false,
    logFilter: ['has left'],
    maxInFlight: 7,
    dependsOn: ['plain'],
  });
  const said = Object.keys(plain?.config ?? {});
  expect(said).toContain('maxInFlight');
  for (const key of ['tls', 'http2', 'keepAlive', 'logFilter', 'dependsOn']) expect(said).not.toContain(key);
});

test('a change of HTTP/2 settings touches no session, and is a change of http2', async () => {
  const tls = await certificate();
  const config = (http2: ServerConfig['http2']): ServerConfig =>
    saying('hello', ANY, { tls, ...(http2 ? { http2 } : {}) });
  const { cluster } = await running({ a: config(true) });
  const dial = () => {
    const session = connect(`https://${addressOf(cluster, 'a')}`, {
      rejectUnauthorized: false,
      servername: 'localhost',
    });
    session.on('error', () => undefined);
    onTestFinished(() => session.destroy());
    return session;
  };
  const first = dial();
  expect((await ask(first)).body).toBe('hello');
  expect(await cluster.apply({ a: config({ maxConcurrentStreams: 3 }) })).toMatchObject({
    plan: { changes: [{ server: 'a', action: 'update', fields: ['http2'] }], bind: [], release: [] },
  });
  expect((await ask(first)).body).toBe('hello');
  expect(first.closed).toBe(false);
  expect(first.remoteSettings.maxConcurrentStreams).toBe(100);
  const second = dial();
  expect((await ask(second)).body).toBe('hello');
  expect(second.remoteSettings.maxConcurrentStreams).toBe(3);
  // Turned off, those who speak it are asked to leave.
  const closed = new Promise<void>((resolve) => first.once('close', resolve));
  await cluster.apply({ a: config(false) });
  expect((await ask(first)).body).toBe('hello');
  await closed;
});
