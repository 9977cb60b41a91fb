import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, isObservable, of } from 'rxjs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type TlsConfig, tlsSpecOf } from '../../../lib/config/tls-config.ts';
import type { CertificateStatus, Encryption } from '../../../lib/server/encryption.ts';
import { buildEncryption } from '../../../lib/server/tls/tls.ts';
import { eventually } from '../serving.ts';
import { certificate, directory, replaceFile, writePair } from './certificates.ts';

const DAY_MS = 86_400_000;

const A_WHILE_MS = 300;

const printOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

const build = async (tls: TlsConfig, baseDir = '.'): Promise<Encryption> => {
  const encryption = buildEncryption(tlsSpecOf(tls), { baseDir, http2: false });
  return firstValueFrom(isObservable(encryption) ? encryption : of(encryption));
};

/** What is said of certificates that are followed until the test is over. */
const follow = (encryption: Encryption): readonly CertificateStatus[] => {
  const said: CertificateStatus[] = [];
  const watch = encryption.watch$.subscribe((status) => said.push(status));
  onTestFinished(() => watch.unsubscribe());
  return said;
};

describe('what is read', () => {
  test('once, where everything stands in the config', async () => {
    const encryption = buildEncryption(tlsSpecOf(await certificate()), { baseDir: '.', http2: false });
    expect(isObservable(encryption)).toBe(false);
  });

  test('starts from baseDir, and may be one file for both', async () => {
    const at = directory();
    const pair = await certificate();
    writeFileSync(join(at, 'both.pem'), `${pair.cert}\n${pair.key}`);
    const { status } = await build({ cert: 'both.pem', key: './both.pem' }, at);
    expect(status).toMatchObject({ state: 'valid', names: ['localhost'], fingerprint: printOf(pair.cert) });
  });

  test.each<[string, string, (at: string) => void]>([
    ['nothing there', 'ENOENT', () => {}],
    ['a directory', 'no regular file', (at) => mkdirSync(join(at, 'tls.key'))],
    ['a circle of links', 'ELOOP', (at) => symlinkSync('tls.key', join(at, 'tls.key'))],
    [
      'a file that is too large',
      'more than 1048576 bytes',
      (at) => writeFileSync(join(at, 'tls.key'), 'x'.repeat(1_048_577)),
    ],
    ['a device', 'no regular file', (at) => symlinkSync('/dev/zero', join(at, 'tls.key'))],
  ])('is refused by name: %s', async (_, reason, make) => {
    const at = directory();
    writeFileSync(join(at, 'tls.crt'), (await certificate()).cert);
    make(at);
    await expect(build({ cert: 'tls.crt', key: 'tls.key' }, at)).rejects.toMatchObject({
      name: 'TlsError',
      code: 'ERR_TLS_UNREADABLE',
      source: 'tls.key',
      message: expect.stringContaining(reason),
    });
  });

  test('is refused when the CA is not there: nobody is let in without having been checked', async () => {
    const tls: TlsConfig = { ...(await certificate()), ca: 'ca.crt', clientAuth: 'require' };
    await expect(build(tls, directory())).rejects.toMatchObject({ code: 'ERR_TLS_CA_MISSING', source: 'ca.crt' });
  });

  test('is refused when no cipher suite is known', async () => {
    const tls = { ...(await certificate()), ciphers: 'NONE-SUCH' };
    await expect(async () => build(tls)).rejects.toMatchObject({ code: 'ERR_TLS_CIPHERS' });
  });
});

describe('files that are renewed', () => {
  test('are used for what comes, and said to be', async () => {
    const at = directory();
    const [one, two] = [await certificate(), await certificate({ names: ['two.example'] })];
    const encryption = await build(writePair(at, one));
    const said = follow(encryption);
    expect(said).toMatchObject([{ state: 'valid', fingerprint: printOf(one.cert) }]);
    writePair(at, two);
    await eventually(() => said.length > 1);
    expect(said[1]).toEqual(encryption.status);
    expect(said[1]).toMatchObject({ names: ['two.example'], fingerprint: printOf(two.cert) });
    expect(said).toHaveLength(2);
  });

  test('are followed through links that are exchanged, as Kubernetes does it', async () => {
    const at = directory();
    const pairs = [await certificate(), await certificate(), await certificate()];
    const publish = (version: number): void => {
      const pair = pairs[version];
      if (pair === undefined) throw new Error('there are three');
      mkdirSync(join(at, `..v${version}`));
      writeFileSync(join(at, `..v${version}`, 'tls.crt'), pair.cert);
      writeFileSync(join(at, `..v${version}`, 'tls.key'), pair.key);
      symlinkSync(`..v${version}`, join(at, '..data_tmp'));
      renameSync(join(at, '..data_tmp'), join(at, '..data'));
      if (version > 0) rmSync(join(at, `..v${version - 1}`), { recursive: true });
    };
    publish(0);
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(`..data/${name}`, join(at, name));
    const said = follow(await build({ cert: join(at, 'tls.crt'), key: join(at, 'tls.key') }));
    for (const version of [1, 2]) {
      publish(version);
      await eventually(() => said.at(-1)?.fingerprint === printOf(pairs[version]?.cert ?? ''));
    }
    expect(said.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  test('are taken as a pair, although one is written a while after the other', async () => {
    const at = directory();
    const [one, two] = [await certificate(), await certificate()];
    const paths = writePair(at, one);
    const said = follow(await build(paths));
    replaceFile(paths.cert, two.cert);
    // What is tried here: a while between the two, longer than it takes files to be read once they have come to rest.
    await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
    expect(said).toHaveLength(1);
    replaceFile(paths.key, two.key);
    await eventually(() => said.length > 1);
    expect(said.slice(1)).toMatchObject([{ fingerprint: printOf(two.cert) }]);
    expect(said[1]?.error).toBeUndefined();
  });

  test.each<[string, string, (paths: { readonly cert: string; readonly key: string }) => Promise<void>]>([
    ['half a pair', 'ERR_TLS_KEY_MISMATCH', async ({ cert }) => replaceFile(cert, (await certificate()).cert)],
    ['nothing', 'ERR_TLS_INVALID', async ({ cert }) => replaceFile(cert, '')],
    ['garbage', 'ERR_TLS_INVALID', async ({ key }) => replaceFile(key, 'garbage')],
    ['no file', 'ERR_TLS_UNREADABLE', async ({ key }) => rmSync(key)],
    [
      'a certificate of yesterday',
      'ERR_TLS_EXPIRED',
      async (paths) => {
        const old = await certificate({ from: -9, to: -1 });
        replaceFile(paths.cert, old.cert);
        replaceFile(paths.key, old.key);
      },
    ],
  ])('are not used when they hold %s, and that is forgotten when they are whole again', async (_, code, spoil) => {
    const at = directory();
    const one = await certificate();
    const paths = writePair(at, one);
    const encryption = await build(paths);
    const said = follow(encryption);
    await spoil(paths);
    await eventually(() => said.length === 2);
    expect(said[1]).toMatchObject({ state: 'valid', fingerprint: printOf(one.cert), error: { code } });
    expect(`${said[1]?.error?.message}`).toContain(at);
    writePair(at, one);
    await eventually(() => said.length === 3);
    expect(said[2]?.error).toBeUndefined();
    expect(encryption.status.fingerprint).toBe(printOf(one.cert));
  });

  test('are left alone by who is told to', async () => {
    const at = directory();
    const one = await certificate();
    const encryption = await build({ ...writePair(at, one), watch: false });
    const watches = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    const before = watches();
    const said = follow(encryption);
    writePair(at, await certificate());
    // Nobody looks, so nobody can see it.
    expect(watches()).toBe(before);
    expect(said).toHaveLength(1);
    expect(encryption.status.fingerprint).toBe(printOf(one.cert));
  });

  test('are not followed any more by who has left', async () => {
    const at = directory();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    const encryption = await build(writePair(at, await certificate()));
    const watch = encryption.watch$.subscribe();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length).toBeGreaterThan(before);
    watch.unsubscribe();
    await eventually(() => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length === before);
  });
});

test('the calendar is followed for as long as it takes', async () => {
  const pair = await certificate({ to: 100 });
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const encryption = await build(pair);
  const said = follow(encryption);
  const states = (): readonly string[] => said.map(({ state }) => state);
  await vi.advanceTimersByTimeAsync(69 * DAY_MS);
  expect(states()).toEqual(['valid']);
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  expect(states()).toEqual(['valid', 'expiring']);
  await vi.advanceTimersByTimeAsync(30 * DAY_MS);
  expect(states()).toEqual(['valid', 'expiring', 'expired']);
  expect(encryption.status.fingerprint).toBe(printOf(pair.cert));
});
