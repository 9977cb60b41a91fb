import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ask, speak } from '../http2/speaking.ts';
import { buildFetch } from '../routing.ts';
import { eventually } from '../serving.ts';

const BIG = 4_000_000;
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  writeFileSync(join(dir, 'hello.txt'), '0123456789');
  writeFileSync(join(dir, 'big.bin'), new Uint8Array(BIG));
  return () => rmSync(dir, { recursive: true, force: true });
});

const openThere = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      // Closed since the list was read.
      return false;
    }
  }).length;

test('files are sent over HTTP/2 as over HTTP/1, whole and in parts', async () => {
  const session = (await speak({ app: await buildFetch([{ path: '/*', files: '.' }], dir) })).dial();
  const whole = await ask(session, { ':path': '/hello.txt' });
  expect(whole).toMatchObject({ status: 200, body: '0123456789', headers: { 'content-length': '10' } });
  const part = await ask(session, { ':path': '/hello.txt', range: 'bytes=2-4' });
  expect(part).toMatchObject({ status: 206, body: '234', headers: { 'content-range': 'bytes 2-4/10' } });
  const same = await ask(session, { ':path': '/hello.txt', 'if-none-match': String(whole.headers.etag) });
  expect(same).toMatchObject({ status: 304, body: '' });
  expect((await ask(session, { ':path': '/big.bin' })).body.length).toBe(BIG);
  const head = await ask(session, { ':path': '/big.bin', ':method': 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': String(BIG) } });
  await eventually(() => openThere() === 0);
});

test('paths with two readings are refused over HTTP/2 as well', async () => {
  const session = (await speak({ app: await buildFetch([{ path: '/*', files: '.' }], dir) })).dial();
  for (const path of [
    '/..',
    '/%2e%2e/x',
    '/a%2fb',
    '/a%5cb',
    '//x',
    '/a%00',
    '/a#b',
    'hello.txt',
    'http://x/hello.txt',
  ]) {
    const status = await ask(session, { ':path': path }).then(
      (answer) => answer.status,
      () => 'reset',
    );
    expect([path, [400, 'reset'].includes(status)]).toEqual([path, true]);
  }
  expect(await ask(session, { ':path': '/hell%6F.txt' })).toMatchObject({ status: 200, body: '0123456789' });
});

test('downloads that are reset leave no descriptor open, and the session goes on', async () => {
  const { dial, log } = await speak({ app: await buildFetch([{ path: '/*', files: '.' }], dir) });
  const session = dial();
  for (let round = 0; round < 50; round++) {
    const stream = session.request({ ':path': '/big.bin' });
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once(round % 2 === 0 ? 'data' : 'response', resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.close(constants.NGHTTP2_CANCEL);
    stream.resume();
    await closed;
  }
  await eventually(() => openThere() === 0);
  expect((await ask(session, { ':path': '/hello.txt' })).body).toBe('0123456789');
  expect(log.loud()).toEqual([]);
});
