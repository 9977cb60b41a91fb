import { chmodSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { judgeNode } from '../../../lib/cli/doctor/node-version.ts';
import { connectionsWithin, judgeOpenFiles, openFilesLimit } from '../../../lib/cli/doctor/open-files.ts';
import { lookAtConfigFile, lookAtKeyFile } from '../../../lib/cli/doctor/permissions.ts';
import { judgeCertificate } from '../../../lib/cli/doctor/services.ts';
import { certificate } from '../../server/tls/certificates.ts';
import { config, directoryWith, finish, start } from '../command.ts';

const takePort = async (): Promise<number> => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

test.each([
  ['v18.20.8', 'fail', /older than 20\.19\.0/],
  ['v20.18.3', 'fail', /older/],
  ['v20.19.5', 'warn', /known holes that 20\.20\.2 has not/],
  ['v20.20.2', 'warn', /no security fixes any more/],
  ['v22.22.9', 'warn', /known holes/],
  ['v22.23.0', 'ok', /^Node v22\.23\.0$/],
  ['v24.17.1', 'ok', /./],
  ['v25.1.0', 'warn', /short-lived/],
  ['v28.0.0', 'ok', /./],
  ['what', 'warn', /cannot be read/],
])('Node %s is %s', (version, status, message) => {
  expect(judgeNode(version)).toMatchObject({ status, message: expect.stringMatching(message) });
});

test('the limit on open files is compared with the connections that servers may have', () => {
  expect(connectionsWithin(1_100)).toBe(800);
  expect(judgeOpenFiles(65_536, 0).status).toBe('ok');
  expect(judgeOpenFiles(1_024, 0)).toMatchObject({ status: 'warn', hint: expect.stringContaining('ulimit -n') });
  expect(judgeOpenFiles(65_536, 60_000)).toMatchObject({ status: 'warn', hint: 'raise ulimit -n to 75100' });
  expect(judgeOpenFiles(Number.POSITIVE_INFINITY, 60_000).status).toBe('ok');
  expect(judgeOpenFiles(undefined, 0).status).toBe('warn');
  expect(openFilesLimit()).toBeGreaterThan(0);
});

test('a certificate is good, soon to end, or over', () => {
  const day = 86_400_000;
  const status = { names: ['a.example'], fingerprint: '', validTo: 10.5 * day };
  expect(judgeCertificate('web', { ...status, state: 'valid' }, 0)).toMatchObject({ status: 'ok' });
  expect(judgeCertificate('web', { ...status, state: 'expiring' }, 0).message).toContain(
    'ends in 10 days, on 1970-01-11',
  );
  expect(judgeCertificate('web', { ...status, state: 'expired' }, 0)).toMatchObject({ status: 'fail' });
});

test('a configuration that others may write to is theirs to decide about', () => {
  const directory = directoryWith({ 'a.json': '{}', 'b.key': 'x' });
  const [file, key] = [join(directory, 'a.json'), join(directory, 'b.key')];
  const uid = process.geteuid?.();
  const status = () => lookAtConfigFile(file, uid)[0]?.status;
  chmodSync(file, 0o644);
  expect(status()).toBe('ok');
  chmodSync(file, 0o666);
  expect(status()).toBe('fail');
  chmodSync(file, 0o664);
  expect(status()).toBe('warn');
  chmodSync(file, 0o644);
  chmodSync(directory, 0o777);
  expect(status()).toBe('fail');
  expect(lookAtConfigFile(file, (uid ?? 0) + 1)[0]?.status).toBe('fail');
  chmodSync(key, 0o644);
  expect(lookAtKeyFile('web', key)).toMatchObject({ status: 'fail', hint: `chmod 600 ${key}` });
  chmodSync(key, 0o600);
  expect(lookAtKeyFile('web', key)?.status).toBe('ok');
});

test('what is not there, or below what is no directory, has no permissions to judge', () => {
  const directory = directoryWith({ 'a.json': '{}' });
  for (const path of ['b.json', 'a.json/b.json']) {
    expect(lookAtConfigFile(join(directory, path), 0)).toEqual([]);
    expect(lookAtKeyFile('web', join(directory, path))).toBeUndefined();
  }
});

describe('doctor', () => {
  const findings = async (directory: string, ...args: readonly string[]) => {
    const { code, stdout } = await finish(directory, ['doctor', ...args, '--json']);
    const { type, ok, findings: all } = JSON.parse(stdout);
    expect([type, ok]).toEqual(['doctor', code === 0]);
    return (check: string) => all.filter((one: { readonly check: string }) => one.check === check);
  };

  test('says which addresses are taken, and ends with 1 then', async () => {
    const directory = directoryWith({ 'a.json': config('x', `127.0.0.1:${await takePort()}`), 'b.json': config('x') });
    expect((await findings(directory, 'a.json'))('address')).toMatchObject([
      { status: 'fail', hint: expect.stringMatching(/./) },
    ]);
    expect((await findings(directory, 'b.json'))('address')).toMatchObject([{ status: 'ok' }]);
  });

  test('knows what a cluster of this machine serves', async () => {
    const directory = directoryWith({});
    const other = directoryWith({ 'sluice.config.json': config('x', `unix:${join(directory, 'web.sock')}`) });
    const control = { SLUICE_CONTROL_DIR: join(directory, '.control') };
    const command = start(other, ['run', '--name', 'blue'], control);
    await command.said(/state {3}Running/);
    const { stdout } = await finish(other, ['doctor'], control);
    expect(stdout).toMatch(/is served by the cluster blue/);
  });

  test('names what is wrong with a file', async () => {
    const directory = directoryWith({ 'bad.json': '{' });
    expect((await findings(directory, 'bad.json'))('config')).toMatchObject([{ status: 'fail' }]);
  });

  test('names what is wrong with certificates: missing, mismatched, over, soon over; and open keys', async () => {
    const [good, other, old, soon] = [
      await certificate(),
      await certificate(),
      await certificate({ from: -9, to: -1 }),
      await certificate({ to: 5 }),
    ];
    const files = {
      'good.pem': good.cert,
      'good.key': good.key,
      'other.key': other.key,
      'old.pem': old.cert,
      'old.key': old.key,
      'soon.pem': soon.cert,
      'soon.key': soon.key,
    };
    const server = (cert: string, key: string) => ({ listen: '127.0.0.1:0', routes: [], tls: { cert, key } });
    const of = (one: object) => JSON.stringify({ servers: { web: one } });
    const directory = directoryWith({
      ...files,
      'a.json': of(server('good.pem', 'good.key')),
      'b.json': of(server('missing.pem', 'good.key')),
      'c.json': of(server('good.pem', 'other.key')),
      'd.json': of(server('old.pem', 'old.key')),
      'e.json': of(server('soon.pem', 'soon.key')),
    });
    chmodSync(join(directory, 'good.key'), 0o644);
    const a = await findings(directory, 'a.json');
    expect(a('certificate')).toMatchObject([{ status: 'ok', message: expect.stringMatching(/is good until \d{4}-/) }]);
    expect(a('permissions')).toContainEqual(
      expect.objectContaining({ status: 'fail', message: expect.stringContaining('good.key') }),
    );
    expect((await findings(directory, 'e.json'))('certificate')).toMatchObject([
      { status: 'warn', message: expect.stringMatching(/ends in \d days/) },
    ]);
    for (const [file, what] of [
      ['b.json', /missing\.pem/],
      ['c.json', /key/],
      ['d.json', /old\.pem/],
    ] as const) {
      const [found] = (await findings(directory, file))('certificate');
      expect([found.status, found.message]).toEqual(['fail', expect.stringMatching(what)]);
    }
  });

  test('names all that is wrong with a server, each by what it is', async () => {
    const routes = [
      { path: '/a', module: './gone.js' },
      { path: '/b', module: './broken.mjs' },
      { path: '/b/2', module: './broken.mjs' },
      { path: '/c/*', files: { root: './nowhere' } },
    ];
    const tls = { cert: 'missing.pem', key: 'missing.key' };
    const directory = directoryWith({
      'broken.mjs': 'throw new Error("at import")',
      'a.json': JSON.stringify({ servers: { web: { listen: '127.0.0.1:0', tls, routes } } }),
    });
    const found = await findings(directory, 'a.json');
    const failures = (check: string) =>
      found(check).filter(({ status }: { readonly status: string }) => status === 'fail');
    const saying = (text: string) => expect.objectContaining({ message: expect.stringContaining(text) });
    expect(failures('certificate')).toEqual([saying('missing.pem')]);
    expect(failures('certificate')[0].hint).not.toContain('nobody foresaw');
    expect(failures('module')).toEqual([saying('gone.js'), saying('broken.mjs')]);
    expect(failures('files')).toEqual([saying('nowhere')]);
    expect(failures('app')).toEqual([]);
  });

  test('people get a table, and a verdict at its end', async () => {
    const { stdout } = await finish(directoryWith({ 'a.json': config('x') }), ['doctor', 'a.json']);
    expect(stdout).toMatch(/CHECK +FOUND\n(ok|warn) +node +Node v/);
    expect(stdout).toMatch(/nothing is in the way, \d+ warnings?\n$/);
  });
});
