import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { http2Defaults } from '../../lib/config/http2-config.ts';
import type { TlsConfig } from '../../lib/config/tls-config.ts';
import { server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

const CERT = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n';
/** What stands between the lines of the PEM of an Ed25519 key, the shortest there is. */
const BARE_KEY = 'MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
const files: TlsConfig = { cert: 'tls.crt', key: 'tls.key' };

const withTls = (tls: unknown): unknown => ({ ...server(), tls });

describe('TLS settings', () => {
  test('are filled up with the defaults', () => {
    expect(specOf(server({ tls: files })).tls).toEqual({
      certificate: { cert: 'tls.crt', key: 'tls.key' },
      certificates: [],
      ca: [],
      clientAuth: 'none',
      sessionTickets: true,
      unknownName: 'default',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      handshakeTimeoutMs: 10_000,
      watch: true,
      warnBeforeDays: 30,
    });
  });

  test('keep what they say, with names in small letters', () => {
    const tls: TlsConfig = {
      cert: CERT,
      key: KEY,
      passphrase: 'p',
      certificates: [{ ...files, names: ['A.example', '*.B.example'] }],
      ca: ['ca.crt', CERT],
      clientAuth: 'require',
      minVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE+AESGCM',
      unknownName: 'refuse',
      handshakeTimeoutMs: 1,
      watch: false,
      warnBeforeDays: 0,
    };
    const spec = specOf(server({ tls, http2: true }));
    expect(spec).toMatchObject({
      http2: http2Defaults,
      tls: {
        certificate: { cert: CERT, key: KEY, passphrase: 'p' },
        certificates: [{ ...files, names: ['a.example', '*.b.example'] }],
        ca: ['ca.crt', CERT],
        clientAuth: 'require',
        minVersion: 'TLSv1.3',
        unknownName: 'refuse',
        watch: false,
      },
    });
  });

  test('are equal by value, with the defaults written out or not', () => {
    const spec = specOf(server({ tls: { ...files, ca: 'ca', clientAuth: 'request' } }));
    const same = { ...files, ca: ['ca'], clientAuth: 'request' as const, minVersion: 'TLSv1.2' as const, watch: true };
    expect(specOf(server({ tls: same, http2: false }), spec)).toBe(spec);
    expect(specOf(server({ tls: same, http2: true }), spec)).not.toBe(spec);
    expect(specOf(server({ tls: { ...same, passphrase: 'x' } }), spec)).not.toBe(spec);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['no key', { cert: CERT }, ['tls.key']],
    ['no certificate', { key: KEY }, ['tls.cert']],
    ['a key in the place of the certificate', { cert: KEY, key: KEY }, ['tls.cert']],
    ['a certificate in the place of the key', { cert: CERT, key: CERT }, ['tls.key']],
    ['an empty path', { ...files, cert: '' }, ['tls.cert']],
    ['a path of two lines', { ...files, key: 'a\nb' }, ['tls.key']],
    ['a key without the lines around it', { ...files, key: BARE_KEY }, ['tls.key']],
    ['a text instead of settings', 'tls.crt', ['tls']],
    ['client certificates that nobody could check', { ...files, clientAuth: 'require' }, ['tls.clientAuth']],
    ['optional client certificates that nobody could check', { ...files, clientAuth: 'request' }, ['tls.clientAuth']],
    ['a CA that is asked for nothing', { ...files, ca: 'ca.crt' }, ['tls.ca']],
    ['no CA in a list of them', { ...files, ca: [], clientAuth: 'require' }, ['tls.ca']],
    ['versions the wrong way round', { ...files, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, ['tls.minVersion']],
    ['a version that is broken', { ...files, minVersion: 'TLSv1.1' }, ['tls.minVersion']],
    ['cipher suites with a line break', { ...files, ciphers: 'A\nB' }, ['tls.ciphers']],
    ['an endless handshake', { ...files, handshakeTimeoutMs: 0 }, ['tls.handshakeTimeoutMs']],
    [
      'one name for two certificates',
      {
        ...files,
        certificates: [
          { ...files, names: ['a.example'] },
          { ...files, names: ['b', 'A.example'] },
        ],
      },
      ['tls.certificates.1.names.1'],
    ],
    [
      'a name that nobody can ask for',
      { ...files, certificates: [{ ...files, names: ['*'] }] },
      ['tls.certificates.0.names.0'],
    ],
    ['a certificate for no name', { ...files, certificates: [{ ...files, names: [] }] }, ['tls.certificates.0.names']],
  ])('are refused: %s', (_, tls, paths) => {
    expect(issuesOf(withTls(tls)).map(({ path }) => path)).toEqual(paths);
  });

  test('are needed for HTTP/2', () => {
    expect(issuesOf({ ...server(), http2: true })).toMatchObject([{ path: 'http2', message: "needs 'tls'" }]);
  });

  test('say what to do when client certificates are wanted without a CA', () => {
    expect(issuesOf(withTls({ ...files, clientAuth: 'require' }))).toMatchObject([
      { message: expect.stringContaining("needs 'ca'"), hint: expect.stringContaining("give 'ca'") },
    ]);
  });
});

test('no issue about TLS shows what may be a secret, wherever it was put by mistake', () => {
  const canary = 'CANARY-7f3a';
  const shown = new RegExp(`${canary}|${BARE_KEY.slice(0, 20)}`);
  const secret = fc.constantFrom<unknown>(
    canary,
    `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----`,
    `${canary}\n`,
    BARE_KEY,
    `\u0000${canary}`,
    [canary],
    { a: canary },
  );
  const place = fc.constantFrom('cert', 'key', 'passphrase', 'pasphrase', 'ca', 'Key', 'certificates', 'password', '');
  fc.assert(
    fc.property(secret, place, (value, key) => {
      const tls = key === '' ? value : { ...files, [key]: value };
      // The address is wrong whatever the secret is.
      const issues = issuesOf({ ...server({ listen: 'nowhere' }), tls });
      expect(JSON.stringify(issues)).not.toMatch(shown);
      if (!/pas|key/i.test(key)) return;
      const misplaced = issuesOf({ ...server({ listen: 'nowhere' }), [key]: value });
      expect(JSON.stringify(misplaced)).not.toMatch(shown);
    }),
  );
});
