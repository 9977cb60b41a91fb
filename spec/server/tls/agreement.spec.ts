import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TlsConfig } from '../../../lib/config/tls-config.ts';
import { get } from '../../listener/wire.ts';
import { type Serving, serve } from '../serving.ts';
import { certificate } from './certificates.ts';
import { dialTls } from './tls-wire.ts';

const serving = async (tls: Partial<TlsConfig> = {}): Promise<Serving> =>
  serve({ app: () => new Response('hello'), tls: { ...(await certificate()), ...tls } });

/** The curve a key was agreed on; fails when there was none that both sides know. */
const curveOf = async ({ address }: Serving, ecdhCurve: string): Promise<unknown> => {
  const { socket, agreed } = dialTls(address, { ecdhCurve });
  await agreed;
  const info = socket.getEphemeralKeyInfo();
  return info !== null && 'name' in info ? info.name : undefined;
};

describe('curves', () => {
  test('are the ones that keys are agreed on', async () => {
    const server = await serving({ curves: ['P-384', 'X25519'] });
    expect(await curveOf(server, 'P-384')).toBe('secp384r1');
    expect(await curveOf(server, 'X25519')).toBe('X25519');
    await expect(curveOf(server, 'P-521')).rejects.toThrow();
  });

  test('are left to Node when none are named', async () => {
    const server = await serving();
    expect(await curveOf(server, 'P-256')).toBe('prime256v1');
    expect(await curveOf(server, 'X25519')).toBe('X25519');
  });

  test.each(['X25519', 'X448', 'P-256', 'P-384', 'P-521'] as const)('%s alone will do', async (curve) => {
    expect(await curveOf(await serving({ curves: [curve] }), curve)).toBeDefined();
  });
});

/** Asks once and returns with the session that may be taken up again. */
const visit = ({ address }: Serving, options: ConnectionOptions): Promise<{ socket: TLSSocket; session?: Buffer }> =>
  new Promise((resolve, reject) => {
    const port = address.kind === 'tcp' ? address.port : 0;
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, ...options });
    onTestFinished(() => {
      socket.destroy();
    });
    let session: Buffer | undefined;
    socket.on('session', (given: Buffer) => {
      session = given;
    });
    socket.once('error', reject);
    // The answer comes after the tickets of a handshake.
    socket.once('data', () => setImmediate(() => resolve({ socket, ...(session === undefined ? {} : { session }) })));
    socket.write(get('/'));
  });

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions of %s', (maxVersion) => {
  /** Whether a client that comes back takes up its last session. */
  const isTakenUp = async (tls: Partial<TlsConfig>): Promise<boolean> => {
    const server = await serving(tls);
    const { session } = await visit(server, { maxVersion });
    const again = await visit(server, { maxVersion, ...(session === undefined ? {} : { session }) });
    return again.socket.isSessionReused();
  };

  test('are taken up again with a ticket', async () => {
    expect(await isTakenUp({})).toBe(true);
  });

  test('are not without sessionTickets', async () => {
    expect(await isTakenUp({ sessionTickets: false })).toBe(false);
  });
});
