import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createResponseReader, type Reading } from './response-reader.ts';

const read = (...chunks: readonly string[]): { reading: Reading; status: number; body: string; keepAlive: boolean } => {
  const reader = createResponseReader();
  let reading: Reading = 'partial';
  for (const chunk of chunks) reading = reader.push(Buffer.from(chunk, 'latin1'));
  const { status, body, keepAlive } = reader.answer();
  return { reading, status, body, keepAlive };
};

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

const bySize = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${utf8(body)}`;

const byChunks = (...chunks: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks
    .map((chunk) => `${Buffer.byteLength(chunk).toString(16)};ext=1\r\n${utf8(chunk)}\r\n`)
    .join('')}0\r\nX-Trailer: yes\r\n\r\n`;

describe('a response is whole', () => {
  test('when as many bytes came as its content-length says', () => {
    expect(read(bySize('hé'))).toEqual({ reading: 'whole', status: 200, body: 'hé', keepAlive: true });
  });

  test('when its last chunk and its trailers came', () => {
    expect(read(byChunks('ab', 'cé'))).toMatchObject({ reading: 'whole', body: 'abcé' });
  });

  test('at once without a body, as 204 and 304 never have one', () => {
    expect(read('HTTP/1.1 204 No Content\r\n\r\n').reading).toBe('whole');
    expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n').reading).toBe('whole');
    expect(read(bySize('')).reading).toBe('whole');
  });

  test('after interim responses, which are no answer', () => {
    expect(read(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${bySize('ok')}`)).toMatchObject({
      status: 200,
      body: 'ok',
    });
  });

  test('with the end of the connection when nothing else frames it, and only then', () => {
    const reader = createResponseReader();
    expect(reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nto the end'))).toBe('partial');
    expect(reader.end()).toBe('whole');
    expect(reader.answer()).toMatchObject({ body: 'to the end', keepAlive: false });
  });

  test('however its bytes are cut', () => {
    const responses = [bySize('some body é'), byChunks('first', 'second', 'é'), 'HTTP/1.1 204 No Content\r\n\r\n'];
    fc.assert(
      fc.property(fc.constantFrom(...responses), fc.array(fc.nat(200), { maxLength: 12 }), (response, cuts) => {
        const at = [...new Set(cuts.map((cut) => cut % response.length))].sort((a, b) => a - b);
        const chunks = [...at, response.length].map((end, n) => response.slice(n === 0 ? 0 : at[n - 1], end));
        expect(read(...chunks)).toEqual(read(response));
      }),
    );
  });
});

describe('a response is not whole', () => {
  test('while any byte of it is missing', () => {
    for (const response of [bySize('body'), byChunks('one', 'two')]) {
      for (let length = 0; length < response.length; length += 1) {
        const reader = createResponseReader();
        reader.push(Buffer.from(response.slice(0, length), 'latin1'));
        expect([length, reader.end(), reader.started()]).toEqual([length, 'partial', length > 0]);
      }
    }
  });

  test.each([
    ['no status line', 'ICY 200 OK\r\n\r\n'],
    ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n'],
    ['bytes after its end', `${bySize('ok')}HTTP/1.1 200`],
    ['a head without an end', 'x'.repeat(70_000)],
  ])('but malformed with %s', (_, response) => {
    expect(read(response).reading).toBe('malformed');
  });
});

test('a connection is kept unless the response or its version says otherwise', () => {
  const kept = (version: string, header: string): boolean =>
    read(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${header}\r\n`).keepAlive;
  expect(kept('1.1', '')).toBe(true);
  expect(kept('1.1', 'Connection: close\r\n')).toBe(false);
  expect(kept('1.1', 'connection: Keep-Alive\r\n')).toBe(true);
  expect(kept('1.0', '')).toBe(false);
  expect(kept('1.0', 'Connection: keep-alive\r\n')).toBe(true);
});

test('the next response starts afresh', () => {
  const reader = createResponseReader();
  reader.push(Buffer.from(bySize('first')));
  reader.next();
  expect(reader.started()).toBe(false);
  reader.push(Buffer.from(byChunks('second')));
  expect(reader.answer().body).toBe('second');
});
