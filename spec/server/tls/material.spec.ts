import { describe, expect, test } from 'vitest';
import { ESCAPED_BREAKS_HINT } from '../../../lib/config/pem.ts';
import { checkMaterial } from '../../../lib/server/tls/material.ts';
import type { CertificateSource, TlsSources } from '../../../lib/server/tls/pem-source.ts';
import { certificate, type Pair } from './certificates.ts';

const source = ({ cert, key }: Pair, passphrase?: string): CertificateSource => ({
  cert: { name: 'tls.crt', text: cert },
  key: { name: 'tls.key', text: key },
  passphrase,
  names: undefined,
});

const sources = (one: CertificateSource, ca: readonly string[] = []): TlsSources => ({
  certificates: [one],
  ca: ca.map((text) => ({ name: 'ca.crt', text })),
});

const problem = (given: TlsSources): unknown => {
  try {
    return checkMaterial(given, Date.now());
  } catch (cause) {
    return cause;
  }
};

describe('material that fits together', () => {
  test('is described by its names, its end and its fingerprint', async () => {
    const pair = await certificate({ names: ['A.example', '*.b.example'], to: 10 });
    const { certificates } = checkMaterial(sources(source(pair)), Date.now());
    expect(certificates[0]).toMatchObject({
      cert: pair.cert,
      ownNames: ['a.example', '*.b.example'],
      fingerprint: expect.stringMatching(/^([\dA-F]{2}:){31}[\dA-F]{2}$/),
    });
    expect(certificates[0].validTo / 86_400_000).toBeCloseTo(Date.now() / 86_400_000 + 10, 1);
  });

  test('may have a key that opens with its passphrase', async () => {
    const pair = await certificate({ passphrase: 'open sesame' });
    expect(checkMaterial(sources(source(pair, 'open sesame')), Date.now()).certificates).toHaveLength(1);
  });

  test('may hold those who vouch for it, and both in one file', async () => {
    const root = await certificate({ names: ['root'], signs: true });
    const middle = await certificate({ names: ['middle'], signs: true, by: root });
    const leaf = await certificate({ by: middle });
    const whole = `# the server\n${leaf.cert}\n${leaf.key}\n${middle.cert}\n${root.cert}`;
    expect(checkMaterial(sources(source({ cert: whole, key: whole })), Date.now()).certificates).toHaveLength(1);
  });

  test('may come with a CA of which one certificate is still valid', async () => {
    const [old, good] = await Promise.all([certificate({ from: -9, to: -1 }), certificate()]);
    expect(checkMaterial(sources(source(good), [old.cert + good.cert]), Date.now()).ca).toHaveLength(1);
  });
});

describe('material that does not', () => {
  test.each<[string, string, () => Promise<TlsSources>]>([
    ['an empty certificate', 'ERR_TLS_INVALID', async () => sources(source({ ...(await certificate()), cert: '' }))],
    ['garbage', 'ERR_TLS_INVALID', async () => sources(source({ ...(await certificate()), cert: 'garbage' }))],
    [
      'a certificate with a letter missing',
      'ERR_TLS_INVALID',
      async () => {
        const pair = await certificate();
        return sources(source({ ...pair, cert: pair.cert.replace('MII', 'MI') }));
      },
    ],
    ['an empty key', 'ERR_TLS_INVALID', async () => sources(source({ ...(await certificate()), key: '' }))],
    [
      'a key of another certificate',
      'ERR_TLS_KEY_MISMATCH',
      async () => sources(source({ ...(await certificate()), key: (await certificate()).key })),
    ],
    [
      'a certificate of yesterday',
      'ERR_TLS_EXPIRED',
      async () => sources(source(await certificate({ from: -9, to: -1 }))),
    ],
    ['a certificate of tomorrow', 'ERR_TLS_NOT_YET_VALID', async () => sources(source(await certificate({ from: 1 })))],
    [
      'an encrypted key alone',
      'ERR_TLS_PASSPHRASE',
      async () => sources(source(await certificate({ passphrase: 'a' }))),
    ],
    [
      'an encrypted key with another passphrase',
      'ERR_TLS_PASSPHRASE',
      async () => sources(source(await certificate({ passphrase: 'a' }), 'b')),
    ],
    [
      'an encrypted key that is damaged',
      'ERR_TLS_PASSPHRASE',
      async () => {
        const pair = await certificate({ passphrase: 'a' });
        return sources(source({ ...pair, key: pair.key.replace(/\n.{12}/, '\nAAAAAAAAAAAA') }, 'a'));
      },
    ],
    [
      'a chain of strangers',
      'ERR_TLS_CHAIN',
      async () => {
        const pair = await certificate();
        return sources(source({ ...pair, cert: pair.cert + (await certificate({ names: ['stranger'] })).cert }));
      },
    ],
    ['an empty CA', 'ERR_TLS_CA_MISSING', async () => sources(source(await certificate()), [''])],
    ['a CA that is garbage', 'ERR_TLS_CA_MISSING', async () => sources(source(await certificate()), ['garbage'])],
    [
      'a CA of yesterday',
      'ERR_TLS_EXPIRED',
      async () => sources(source(await certificate()), [(await certificate({ from: -9, to: -1 })).cert]),
    ],
  ])('is refused: %s', async (_, code, given) => {
    const error = problem(await given());
    expect(error).toMatchObject({
      name: 'TlsError',
      code,
      source: expect.stringMatching(/^(?:tls\.(?:crt|key)|ca\.crt)$/),
    });
    expect(String(error)).not.toContain('BEGIN');
  });

  test.each(['cert', 'key', 'ca'] as const)('says so when the line breaks of the %s were escaped', async (which) => {
    const pair = await certificate();
    const escaped = (name: typeof which, text: string): string =>
      name === which ? text.replaceAll('\n', '\\n') : text;
    const given = source({ ...pair, cert: escaped('cert', pair.cert), key: escaped('key', pair.key) });
    expect(problem(sources(given, [escaped('ca', pair.cert)]))).toMatchObject({
      code: 'ERR_TLS_INVALID',
      hint: ESCAPED_BREAKS_HINT,
    });
  });
});
