// The files of a directory: types, validators, ranges, compressed twins, and nothing from outside.
import { mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createCluster } from 'sluice';

const root = await mkdtemp(join(tmpdir(), 'sluice-files-'));
const put = async (name: string, content: string | Uint8Array) => {
  await writeFile(join(root, name), content);
  await utimes(join(root, name), new Date('2026-01-02'), new Date('2026-01-02'));
};
await put('index.html', '<h1>hello</h1>');
await put('app.js', 'console.log("hello")');
await put('app.js.gz', gzipSync('console.log("hello")'));
await put('.env', 'SECRET=1');
await symlink('/etc/passwd', join(root, 'users.txt'));

const cluster = createCluster();
await cluster.start();

// #region main
await cluster.apply({
  web: {
    listen: '127.0.0.1:0',
    routes: [
      { path: '/api/*', respond: { json: { ok: true } } },
      { path: '/*', files: { root, cacheControl: 'no-cache', fallback: 'index.html' } },
    ],
  },
});
// #endregion

const url = cluster.snapshot.servers.web?.url ?? '';
const ask = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(url + path, { headers: { 'accept-encoding': 'identity', ...headers } });
  const text = await response.text();
  console.log(path, response.status, text === '' ? 'nothing' : text);
  return response;
};

const home = await ask('/');
await ask('/', { 'if-none-match': home.headers.get('etag') ?? '' });
await ask('/app.js', { range: 'bytes=0-10' });
const zipped = await ask('/app.js', { 'accept-encoding': 'gzip' });
console.log(zipped.headers.get('content-encoding'), zipped.headers.get('vary'));
await ask('/settings/profile', { accept: 'text/html' });
await ask('/.env');
await ask('/users.txt');
await cluster.stop();
await rm(root, { recursive: true });

// prints:
// / 200 <h1>hello</h1>
// / 304 nothing
// /app.js 206 console.log
// /app.js 200 console.log("hello")
// gzip Accept-Encoding
// /settings/profile 200 <h1>hello</h1>
// /.env 404 404 Not Found
// /users.txt 404 404 Not Found
