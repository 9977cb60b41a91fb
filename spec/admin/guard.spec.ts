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
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    '127.evil.example',
    'evil.example.localhost',
    'sluice.local',
  ];
  const nearly = ['127.0.0.1.', 'LOCALHOST', 'localhost.', '127.1', '127.0.0.2', '0.0.0.0', '0x7f000001', '2130706433'];
  const sixth = ['[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '::1'];
  const names = [
    ...[...foreign, ...nearly, ...sixth].map((name) => `${name}:${port}`),
    ...['', '127.0.0.1', 'localhost', `127.0.0.1:${port + 1}`, `127.0.0.1:0${port}`, `127.0.0.1:${port}:${port}`],
    ...[`127.0.0.1:${port}@evil.example`, `evil.example@127.0.0.1:${port}`, `127.0.0.1:${port}, evil.example`],
    ...[`127.0.0.1:${port}/`, `127.0.0.1:${port}#`, `http://127.0.0.1:${port}`],
  ];
  for (const name of names) {
    expect([400, 403], name).toContain(await ask(['GET /api/cluster HTTP/1.1', `host: ${name}`, token]));
  }
  const heads = [
    ['GET /api/cluster HTTP/1.1', host, host, token],
    ['GET /api/cluster HTTP/1.1', host, 'host: evil.example', token],
    ['GET /api/cluster HTTP/1.1', token],
    ['GET http://evil.example/api/cluster HTTP/1.1', host, token],
    [`GET http://127.0.0.1:${port}@evil.example/api/cluster HTTP/1.1`, host, token],
  ];
  for (const head of heads) expect([400, 403], head.join()).toContain(await ask(head));
});

test('an order that a page of another site sends changes nothing', async () => {
  const { ask, port, host, token, cluster } = await asking();
  const config = JSON.stringify({ servers: {} });
  const put = (...headers: readonly string[]) =>
    ask(['PUT /api/config HTTP/1.1', host, 'if-match: *', ...headers], config);
  const jsonType = 'content-type: application/json';
  const own = `origin: http://127.0.0.1:${port}`;
  const origins = [
    'https://evil.example',
    'null',
    '',
    `https://127.0.0.1:${port}`,
    `http://127.0.0.1:${port}.evil.example`,
  ];
  for (const origin of [...origins, `http://localhost:${port}`, 'http://127.0.0.1', `HTTP://127.0.0.1:${port}`]) {
    expect(await put(token, jsonType, `origin: ${origin}`), origin).toBe(403);
  }
  expect(await put(token, jsonType, own, own)).toBe(403);
  for (const site of ['cross-site', 'same-site', 'none, cross-site', '']) {
    expect(await put(token, jsonType, `sec-fetch-site: ${site}`), site).toBe(403);
  }
  // What a form or a request without a preflight can be sent as.
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json'];
  for (const type of [...types, 'text/plain; application/json']) {
    expect(await put(token, own, `content-type: ${type}`), type).toBe(415);
  }
  expect(await put(token)).toBe(415);
  expect(await put(jsonType)).toBe(401);
  expect(await put(jsonType, own, 'cookie: token=x')).toBe(401);
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
