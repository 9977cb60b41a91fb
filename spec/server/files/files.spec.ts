import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { MiddlewareHandler } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FilesConfig } from '../../../lib/config/files-config.ts';
import type { Route } from '../../../lib/config/server-config.ts';
import { get, type Received } from '../../listener/wire.ts';
import { serveRoutes } from '../routing.ts';
import { eventually, type Serving } from '../serving.ts';

const BIG = 1_048_576 * 4;
const SCRIPT = 'console.log("hello");\n'.repeat(50);
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  const root = join(dir, 'public');
  mkdirSync(join(root, 'docs'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, '.git'));
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'index.html': '<h1>home</h1>',
    'docs/index.html': '<h1>docs</h1>',
    'hello.txt': '0123456789',
    'empty.txt': '',
    'app.js': SCRIPT,
    'app.js.br': brotliCompressSync(SCRIPT),
    'app.js.gz': gzipSync(SCRIPT),
    'only.css': 'a{}',
    'photo.png': 'png',
    'photo.png.gz': 'not looked for',
    'caf\u00e9 100%?.txt': 'strange',
    noext: 'x',
    '.env': 'SECRET=1',
    '.git/config': 'secret',
    'big.bin': new Uint8Array(BIG).map((_, at) => at % 251),
  };
  const past = new Date('2026-01-02T03:04:05Z');
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(root, name), content);
    utimesSync(join(root, name), past, past);
  }
  writeFileSync(join(dir, 'secret.txt'), 'outside');
  symlinkSync('../secret.txt', join(root, 'leak.txt'));
  symlinkSync('..', join(root, 'up'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const serveFiles = (files: Partial<FilesConfig> = {}, path = '/*', others: readonly Route[] = []): Promise<Serving> =>
  serveRoutes([{ path, files: { root: './public', ...files } }, ...others], dir);

const send = async (serving: Serving, bytes: string): Promise<Received> => {
  const wire = serving.dial();
  wire.write(bytes);
  const [answer] = await wire.responses();
  wire.socket.destroy();
  if (answer === undefined) throw new Error('no answer');
  return answer;
};

const ask = (serving: Serving, target: string, ...headers: readonly string[]): Promise<Received> =>
  send(serving, get(target, ...headers));

const header = ({ head }: Received, name: string): string | undefined =>
  new RegExp(`\\r\\n${name}: (.*)\\r\\n`, 'i').exec(head)?.[1];

describe('a file', () => {
  test('is sent whole, with its type and what says whether it has changed', async () => {
    const answer = await ask(await serveFiles(), '/hello.txt');
    expect(answer).toMatchObject({ status: 200, body: '0123456789' });
    expect(header(answer, 'content-type')).toBe('text/plain; charset=utf-8');
    expect(header(answer, 'content-length')).toBe('10');
    expect(header(answer, 'last-modified')).toBe('Fri, 02 Jan 2026 03:04:05 GMT');
    expect(header(answer, 'etag')).toMatch(/^"[\w-]+"$/);
    expect(header(answer, 'accept-ranges')).toBe('bytes');
    expect(header(answer, 'x-content-type-options')).toBe('nosniff');
    expect(header(answer, 'cache-control')).toBeUndefined();
  });

  test.each([
    ['/caf%C3%A9%20100%25%3F.txt', 200, 'strange'],
    ['/noext', 200, 'x'],
    ['/empty.txt', 200, ''],
    ['/', 200, '<h1>home</h1>'],
    ['/index.html', 200, '<h1>home</h1>'],
    ['/docs/', 200, '<h1>docs</h1>'],
    ['/none.txt', 404, '404 Not Found'],
    ['/hello.txt/', 404, '404 Not Found'],
    ['/hello.txt/x', 404, '404 Not Found'],
    ['/empty/', 404, '404 Not Found'],
    ['/empty', 404, '404 Not Found'],
    // What must not be seen.
    ['/.env', 404, '404 Not Found'],
    ['/.git/config', 404, '404 Not Found'],
    ['/%2eenv', 404, '404 Not Found'],
    ['/leak.txt', 404, '404 Not Found'],
    ['/up/secret.txt', 404, '404 Not Found'],
    ['/up/public/hello.txt', 200, '0123456789'],
    ['/../secret.txt', 400, 'Bad Request'],
    ['/%2e%2e/secret.txt', 400, 'Bad Request'],
    ['/..%2fsecret.txt', 400, 'Bad Request'],
    ['/%2e%2e%5csecret.txt', 400, 'Bad Request'],
    ['/hello.txt%00.png', 400, 'Bad Request'],
    ['//etc/passwd', 400, 'Bad Request'],
  ])('behind %s: %i %j', async (target, status, body) => {
    expect(await ask(await serveFiles(), target)).toMatchObject({ status, body });
  });

  test.each([
    '/..%2fsecret.txt',
    '/a%2f..%2f..%2fsecret.txt',
    '/docs//index.html',
    '/docs%2findex.html',
    '/%5c..%5csecret',
  ])('is not found behind %s, however lenient the server is with paths', async (target) => {
    const serving = await serveRoutes([{ path: '/*', files: './public' }], dir, { paths: 'lenient' });
    const { status, body } = await ask(serving, target);
    expect([400, 404]).toContain(status);
    expect(body).not.toContain('outside');
  });

  test('may be hidden no more', async () => {
    expect(await ask(await serveFiles({ dotfiles: 'allow' }), '/.env')).toMatchObject({
      status: 200,
      body: 'SECRET=1',
    });
  });

  test('is told apart from its directory, which is asked for with a slash', async () => {
    const serving = await serveFiles({}, '/static/*');
    const moved = await ask(serving, '/static/docs?a=1');
    expect(moved).toMatchObject({ status: 308, body: '' });
    expect(header(moved, 'content-length')).toBe('0');
    expect(header(moved, 'transfer-encoding')).toBeUndefined();
    expect(header(moved, 'location')).toBe('/static/docs/?a=1');
    expect(header(await ask(serving, '/static'), 'location')).toBe('/static/');
    expect(await ask(serving, '/static/')).toMatchObject({ status: 200, body: '<h1>home</h1>' });
    expect(await ask(serving, '/static/docs/')).toMatchObject({ status: 200, body: '<h1>docs</h1>' });
    expect(await ask(await serveFiles({ index: false }), '/docs/')).toMatchObject({ status: 404 });
    expect(await ask(await serveFiles({ index: 'hello.txt' }), '/')).toMatchObject({ status: 200, body: '0123456789' });
  });

  test('is found below parameters', async () => {
    const serving = await serveFiles({}, '/:tenant/static/*');
    expect(await ask(serving, '/some/static/docs/index.html')).toMatchObject({ status: 200, body: '<h1>docs</h1>' });
  });

  test('is asked for with GET and HEAD', async () => {
    const serving = await serveFiles();
    const head = serving.dial();
    head.write('HEAD /hello.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    await head.closed;
    expect(head.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\ncontent-length: 10\r\n.*\r\n\r\n$/is);
    const post = await send(serving, 'POST /hello.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx');
    expect(post.status).toBe(405);
    expect(header(post, 'allow')).toBe('GET, HEAD');
  });

  test('is not sent again to who has it', async () => {
    const serving = await serveFiles({ cacheControl: 'no-cache' });
    const first = await ask(serving, '/hello.txt');
    const etag = header(first, 'etag') ?? '';
    const same = await ask(serving, '/hello.txt', `If-None-Match: ${etag}`);
    expect(same).toMatchObject({ status: 304, body: '' });
    expect([header(same, 'etag'), header(same, 'cache-control')]).toEqual([etag, 'no-cache']);
    expect(header(same, 'content-type')).toBeUndefined();
    expect((await ask(serving, '/hello.txt', `If-Modified-Since: ${header(first, 'last-modified')}`)).status).toBe(304);
    expect((await ask(serving, '/hello.txt', 'If-None-Match: "other"')).status).toBe(200);
    expect((await ask(serving, '/hello.txt', 'If-Match: "other"')).status).toBe(412);
  });

  test('is sent in parts', async () => {
    const serving = await serveFiles();
    const part = await ask(serving, '/hello.txt', 'Range: bytes=2-4');
    expect(part).toMatchObject({ status: 206, body: '234' });
    expect(header(part, 'content-range')).toBe('bytes 2-4/10');
    const end = await ask(serving, '/big.bin', `Range: bytes=${BIG - 3}-`);
    expect(end.status).toBe(206);
    expect(header(end, 'content-length')).toBe('3');
    const none = await ask(serving, '/hello.txt', 'Range: bytes=10-');
    expect(none).toMatchObject({ status: 416, body: '' });
    expect(header(none, 'content-range')).toBe('bytes */10');
    expect((await ask(serving, '/hello.txt', 'Range: bytes=0-1,3-4')).status).toBe(200);
    const etag = header(part, 'etag');
    expect((await ask(serving, '/hello.txt', 'Range: bytes=2-4', `If-Range: ${etag}`)).status).toBe(206);
    expect((await ask(serving, '/hello.txt', 'Range: bytes=2-4', 'If-Range: "older"')).status).toBe(200);
  });

  test('of some size arrives as it is, in one piece or in parts', async () => {
    const serving = await serveFiles();
    const digest = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
    const whole = await ask(serving, '/big.bin');
    expect(whole.body.length).toBe(BIG);
    const parts: string[] = [];
    for (let at = 0; at < BIG; at += 1_500_000) {
      parts.push((await ask(serving, '/big.bin', `Range: bytes=${at}-${at + 1_499_999}`)).body);
    }
    expect(digest(parts.join(''))).toBe(digest(whole.body));
    expect(whole.body.charCodeAt(100_000)).toBe(100_000 % 251);
  });

  test('is sent compressed to who accepts that', async () => {
    const serving = await serveFiles();
    const plain = await ask(serving, '/app.js');
    const br = await ask(serving, '/app.js', 'Accept-Encoding: gzip, br');
    const gzip = await ask(serving, '/app.js', 'Accept-Encoding: gzip, zstd, br;q=0');
    expect([plain, br, gzip].map((answer) => header(answer, 'content-encoding'))).toEqual([undefined, 'br', 'gzip']);
    for (const answer of [plain, br, gzip]) {
      expect(answer.status).toBe(200);
      expect(header(answer, 'vary')).toBe('Accept-Encoding');
      expect(header(answer, 'content-type')).toBe('text/javascript; charset=utf-8');
    }
    expect(plain.body).toBe(SCRIPT);
    expect(Buffer.from(gzip.body, 'latin1').equals(gzipSync(SCRIPT))).toBe(true);
    expect(new Set([plain, br, gzip].map((answer) => header(answer, 'etag'))).size).toBe(3);
    expect((await ask(serving, '/app.js', 'Accept-Encoding: br', `If-None-Match: ${header(br, 'etag')}`)).status).toBe(
      304,
    );
    expect((await ask(serving, '/app.js', `If-None-Match: ${header(br, 'etag')}`)).status).toBe(200);
  });

  test('is sent as it is where there is nothing compressed, or nobody asked for it', async () => {
    const serving = await serveFiles();
    const css = await ask(serving, '/only.css', 'Accept-Encoding: br');
    expect([header(css, 'content-encoding'), header(css, 'vary'), css.body]).toEqual([
      undefined,
      'Accept-Encoding',
      'a{}',
    ]);
    const png = await ask(serving, '/photo.png', 'Accept-Encoding: gzip');
    expect([header(png, 'content-encoding'), header(png, 'vary'), png.body]).toEqual([undefined, undefined, 'png']);
    const never = await ask(await serveFiles({ precompressed: false }), '/app.js', 'Accept-Encoding: br');
    expect([header(never, 'content-encoding'), header(never, 'vary')]).toEqual([undefined, undefined]);
  });

  test('that is missing is left to the next route, where that is wanted', async () => {
    const others: readonly Route[] = [{ path: '/*', respond: { status: 418, body: 'next' } }];
    const serving = await serveFiles({ missing: 'next' }, '/*', others);
    expect(await ask(serving, '/hello.txt')).toMatchObject({ status: 200 });
    expect(await ask(serving, '/none')).toMatchObject({ status: 418, body: 'next' });
    expect(await ask(serving, '/.env')).toMatchObject({ status: 418, body: 'next' });
    const post = 'POST /hello.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n';
    expect(await send(serving, post)).toMatchObject({ status: 418, body: 'next' });
    expect(await ask(await serveFiles({}, '/*', others), '/none')).toMatchObject({ status: 404 });
  });

  test('that is missing is a page of the app to a browser', async () => {
    const serving = await serveFiles({ fallback: 'index.html', cacheControl: 'public, max-age=31536000, immutable' });
    const page = await ask(serving, '/users/7', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page).toMatchObject({ status: 200, body: '<h1>home</h1>' });
    expect([header(page, 'cache-control'), header(page, 'vary')]).toEqual(['no-cache', 'Accept, Accept-Encoding']);
    expect(await ask(serving, '/app.old.js', 'Accept: */*')).toMatchObject({ status: 404 });
    expect(await ask(serving, '/users/7')).toMatchObject({ status: 404 });
    expect(header(await ask(serving, '/hello.txt'), 'cache-control')).toContain('immutable');
  });

  test('passes through middleware, which may add to it', async () => {
    const stamp: MiddlewareHandler = async (c, next) => {
      c.header('x-before', 'b');
      await next();
      c.header('x-after', 'a');
    };
    const route: Route = { path: '/*', files: './public', middleware: [stamp] };
    const answer = await ask(await serveRoutes([route], dir), '/hello.txt');
    expect([header(answer, 'x-before'), header(answer, 'x-after'), answer.body]).toEqual(['b', 'a', '0123456789']);
  });
});

describe('a root', () => {
  test.each([
    ['that is not there', { root: './none' }, 'there is no such directory'],
    ['that is a file', { root: './secret.txt' }, 'it is no directory'],
    ['without the page to fall back to', { root: './public', fallback: 'app.html' }, 'it has no file app.html'],
    ['whose fallback is outside', { root: './public', fallback: 'leak.txt' }, 'it has no file leak.txt'],
  ])('%s is refused when the server is built', async (_, files, reason) => {
    const refusal: unknown = await serveRoutes([{ path: '/*', files }], dir).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'ERR_APP', cause: { code: 'ERR_FILES_ROOT' } });
    expect(String(refusal instanceof Error ? refusal.cause : '')).toContain(reason);
  });
});

/** The descriptors of this process that lie in the directory. */
const openThere = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(dir) ? [path] : [];
    } catch {
      // Closed since the list was read.
      return [];
    }
  });

describe('descriptors', () => {
  test('of a thousand downloads that were broken off are all closed', { timeout: 60_000 }, async () => {
    const serving = await serveFiles();
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const wire = serving.dial();
          wire.socket.pause();
          wire.write(n % 5 === 0 ? get('/big.bin', 'Range: bytes=5-') : get('/big.bin'));
          // Some leave before the first byte, some after the first of many.
          if (n % 2 === 0) wire.socket.resume();
          if (n % 2 === 0) await wire.until((text) => text.length > 0);
          wire.socket.resetAndDestroy();
          await wire.closed;
        }),
      );
    }
    await eventually(() => openThere().length === 0);
    await eventually(() => serving.server.connections === 0);
    expect(serving.log.loud()).toEqual([]);
    // A stalled client holds a chunk, not the file.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1_048_576);
    expect((await ask(serving, '/big.bin')).body.length).toBe(BIG);
    expect(openThere()).toEqual([]);
  });

  test('of answers that middleware threw away are closed', async () => {
    const instead: MiddlewareHandler = async (c, next) => {
      await next();
      // Twice: what takes the place of an answer inherits its headers.
      c.res = undefined;
      c.res = new Response('instead');
    };
    const serving = await serveRoutes([{ path: '/*', files: './public', middleware: [instead] }], dir);
    expect(await ask(serving, '/big.bin')).toMatchObject({ status: 200, body: 'instead' });
    await eventually(() => openThere().length === 0);
  });

  test('of answers that have no body are closed', async () => {
    const serving = await serveFiles();
    const { head } = await ask(serving, '/app.js');
    const etag = /etag: (.*)\r\n/i.exec(head)?.[1];
    await ask(serving, '/app.js', `If-None-Match: ${etag}`, 'Accept-Encoding: identity');
    await ask(serving, '/app.js', 'Range: bytes=9999999-');
    await ask(serving, '/docs');
    await ask(serving, '/docs/');
    await ask(serving, '/empty.txt');
    await ask(serving, '/app.js', 'Accept-Encoding: br');
    const wire = serving.dial();
    wire.write('HEAD /big.bin HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    await wire.closed;
    await eventually(() => openThere().length === 0);
  });

  test('of a file that becomes shorter while it is sent: the client is cut off, not told that this was all', async () => {
    const path = join(dir, 'public', 'shrinks.bin');
    writeFileSync(path, '');
    truncateSync(path, BIG * 16);
    const serving = await serveFiles();
    const wire = serving.dial();
    wire.write(get('/shrinks.bin'));
    // Its length was promised by now, and most of it still lies on the disk.
    await wire.until((text) => text.includes('\r\n\r\n'));
    wire.socket.pause();
    truncateSync(path, 200_000);
    wire.socket.resume();
    await wire.closed;
    expect(wire.text()).toContain(`content-length: ${BIG * 16}`);
    expect(wire.text().length).toBeLessThan(BIG * 16);
    await eventually(() => openThere().length === 0);
    expect(serving.log.loud()).toMatchObject([{ level: 'error' }]);
  });
});
