import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { controlled, served } from './controlled.ts';

const TOKEN = 'correct-horse-battery-staple';

/** The status line of the answer to raw lines, written to the control API on a TCP port. */
const asking = async () => {
  const { app, cluster } = await controlled({ kind: 'tcp', token: TOKEN });
  const port = await served(app);
  const ask = (lines: readonly string[], body = ''): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)));
      const length = body === '' ? [] : [`content-length: ${body.length}`];
      socket.end([...lines, ...length, 'connection: close', '', body].join('\r\n'));
    });
  return { ask, port, cluster, host: `host: 127.0.0.1:${port}`, token: `authorization: Bearer ${TOKEN}` };
};

test('over TCP a program with the token is let in, under each of the machine’s own names', async () => {
  const { ask, port, token } = await asking();
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
    expect(await ask(['GET /api/cluster HTTP/1.1', `host: ${name}:${port}`, token])).toBe(200);
  }
});

test('a page that has its own name point here is refused, however it writes it', async () => {
  const { ask, port, token, host } = await asking();
  const hosts = ['evil.example', '127.0.0.1', `127.0.0.1.:${port}`, `LOCALHOST:${port}`, `127.0.0.1:${port + 1}`, ''];
  for (const name of [...hosts, `127.evil.com:${port}`, `0.0.0.0:${port}`, `127.0.0.1:${port}@evil.example`]) {
    expect([400, 403], name).toContain(await ask(['GET /api/cluster HTTP/1.1', `host: ${name}`, token]));
  }
  expect([400, 403]).toContain(await ask(['GET /api/cluster HTTP/1.1', host, host, token]));
  expect([400, 403]).toContain(await ask(['GET http://evil.example/api/cluster HTTP/1.1', host, token]));
});

test('an order that a page of another site sends changes nothing', async () => {
  const { ask, port, host, token, cluster } = await asking();
  const config = JSON.stringify({ servers: {} });
  const put = (...headers: readonly string[]) =>
    ask(['PUT /api/config HTTP/1.1', host, 'if-match: *', ...headers], config);
  const jsonType = 'content-type: application/json';
  const own = `origin: http://127.0.0.1:${port}`;
  expect(await put(token, jsonType, 'origin: https://evil.example')).toBe(403);
  expect(await put(token, jsonType, 'origin: null')).toBe(403);
  expect(await put(token, jsonType, own, own)).toBe(403);
  expect(await put(token, jsonType, 'sec-fetch-site: cross-site')).toBe(403);
  expect(await put(token, jsonType, 'sec-fetch-site: same-site')).toBe(403);
  expect(await put(token, 'content-type: text/plain')).toBe(415);
  expect(await put(token)).toBe(415);
  expect(await put(jsonType)).toBe(401);
  expect(cluster.snapshot.revision.desired).toBe(2);
  expect(await put(token, jsonType, own)).toBe(200);
});

test('a wrong token is told nothing, and after ten a peer has to wait', async () => {
  const { ask, host, token } = await asking();
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess++) {
    statuses.push(await ask(['GET /api/cluster HTTP/1.1', host, `authorization: Bearer ${guess}`]));
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  expect(await ask(['GET /api/cluster HTTP/1.1', host, token])).toBe(200);
});

test('without a connection of its own, and without a token, it lets nobody in', async () => {
  const { app } = await controlled({ kind: 'tcp', token: '' });
  expect((await app.request('/api/cluster')).status).toBe(403);
  const port = await served(app);
  const response = await fetch(`http://127.0.0.1:${port}/api/cluster`, { headers: { authorization: 'Bearer ' } });
  expect(response.status).toBe(401);
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});
