import type { MiddlewareHandler } from 'hono';
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../attack/judge.ts';
import { malformed } from '../../attack/malformed.ts';
import { get, post } from '../../listener/wire.ts';
import { serve } from '../serving.ts';
import { rawBackend } from './backend.ts';
import { strictBackend } from './strict-backend.ts';

const onlooker: MiddlewareHandler = async (_, next) => next();

describe.each([
  ['alone', []],
  ['behind middleware', [onlooker]],
] as const)('through a proxy route %s', (_, middleware) => {
  const through = (url: string) => serve({ routes: [{ path: '/*', proxy: url, middleware: [...middleware] }] });

  test('no malformed request reaches a target as anything but one plain request', { timeout: 60_000 }, async () => {
    const { url, seen, faults } = await strictBackend();
    const { address } = await through(url);
    const port = address.kind === 'tcp' ? address.port : 0;
    const judgements = await judgeAll(malformed, { host: '127.0.0.1', port });
    expect(judgements.filter((judgement) => judgement.faults.length > 0)).toEqual([]);
    expect(faults).toEqual([]);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.map(({ start }) => start).filter((start) => start.includes('smuggled'))).toEqual([]);
    // What was sent behind the last request of a connection may have been passed on before that was known.
    expect(new Set(seen.map(({ start }) => start.split(' ')[1]))).toEqual(new Set(['/case', '/mark']));
  });

  test('a body in a coding that is not chunks alone is refused: nobody would undo it', async () => {
    const { url, seen } = await strictBackend();
    const { dial } = await through(url);
    const wire = dial();
    wire.write('POST /coded HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n');
    expect(await wire.responses()).toMatchObject([{ status: 400 }]);
    expect(seen).toEqual([]);
  });

  test('a body is framed once, as it was announced', async () => {
    const { url, seen, faults } = await strictBackend();
    const { dial } = await through(url);
    const inside = 'GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n';
    const wire = dial();
    wire.write(post('/length', inside));
    await wire.responses(1);
    wire.write(
      `POST /chunks HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n${inside.length.toString(16)}\r\n${inside}\r\n0\r\nX-Trailer: y\r\n\r\n`,
    );
    await wire.responses(2);
    wire.write(get('/nothing'));
    await wire.responses(3);
    wire.write(post('/empty', ''));
    await wire.responses(4);
    expect(faults).toEqual([]);
    expect(seen.map(({ start, body }) => [start.split(' ')[1], body])).toEqual([
      ['/length', inside],
      ['/chunks', inside],
      ['/nothing', ''],
      ['/empty', ''],
    ]);
    const framing = seen.map(({ lines }) => lines.filter((line) => /^(content-length|transfer-encoding):/i.test(line)));
    expect(framing).toEqual([
      [`content-length: ${inside.length}`],
      ['transfer-encoding: chunked'],
      [],
      ['content-length: 0'],
    ]);
  });

  test('an option of a connection cannot take a header away that frames, or that says where a request came from', async () => {
    const { url, seen, faults } = await strictBackend();
    const { dial } = await through(url);
    const wire = dial();
    wire.write(
      post('/options', 'body', 'Connection: content-length, host, x-forwarded-for, via, forwarded, transfer-encoding'),
    );
    await wire.responses();
    expect(faults).toEqual([]);
    const names = seen[0]?.lines.map((line) => line.split(':')[0]?.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(['host', 'content-length', 'x-forwarded-for', 'forwarded', 'via']));
    expect(seen[0]?.body).toBe('body');
  });

  test('an answer cannot bring a second one along', async () => {
    let asked = 0;
    const { url } = await rawBackend((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      asked += 1;
      const one = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
      socket.write(`${one}${asked}st${one}bad`);
    });
    const { dial } = await through(url);
    const [first, second] = [dial(), dial()];
    first.write(get('/'));
    expect(await first.responses()).toMatchObject([{ body: '1st' }]);
    second.write(get('/'));
    const [answer] = await second.responses();
    expect(answer?.body).not.toBe('bad');
  });

  test('an answer in a coding that is not chunks goes no further', async () => {
    const { url } = await rawBackend((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, identity\r\n\r\nabc');
    });
    const { dial } = await through(url);
    const wire = dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 502 }]);
  });
});
