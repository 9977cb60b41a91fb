import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { App } from '../../../lib/config/server-config.ts';
import { get, post, type Wire } from '../../listener/wire.ts';
import { clock, eventually, serve } from '../serving.ts';

const LIMIT = 200_000;
const limits = { maxBodyBytes: LIMIT };

/** What a parser may have taken in beyond the limit before it can stop: one read of a socket. */
const SLACK = 64 * 1024;

const CHUNKED = 'POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n';

const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

/** Writes chunks as long as they are taken, up to `most` bytes; resolves with the bytes that left this side. */
const upload = async (wire: Wire, most: number): Promise<number> => {
  const piece = chunk(16 * 1024);
  let left = most;
  let over = false;
  void wire.closed.then(() => {
    over = true;
  });
  while (left > 0 && !over && wire.socket.writable) {
    left -= piece.length;
    if (!wire.socket.write(piece)) {
      await Promise.race([new Promise((resolve) => wire.socket.once('drain', resolve)), wire.closed]);
    }
  }
  await wire.closed;
  return wire.socket.bytesWritten;
};

const readers: Readonly<Record<string, App>> = {
  'text()': async (request) => new Response(String((await request.text()).length)),
  'arrayBuffer()': async (request) => new Response(String((await request.arrayBuffer()).byteLength)),
  'its stream': async (request) => {
    let bytes = 0;
    for await (const part of request.body ?? []) bytes += part.byteLength;
    return new Response(String(bytes));
  },
  'a Hono context': new Hono().post('/upload', async (c) => c.text(String((await c.req.text()).length))),
  "Node's own request": async (_, { incoming }) => {
    let bytes = 0;
    for await (const part of incoming as AsyncIterable<Uint8Array>) bytes += part.byteLength;
    return new Response(String(bytes));
  },
};

describe.each(Object.entries(readers))('a body of unannounced length that is read with %s', (_, app) => {
  test('and grows too large is answered with a 413, and not taken in any further', async () => {
    const { dial, log, server } = await serve({ app, limits });
    const wire = dial();
    wire.write(CHUNKED);
    const uploading = upload(wire, 50 * 1024 * 1024);
    expect(await wire.responses()).toMatchObject([{ status: 413, body: 'Payload Too Large' }]);
    expect(await uploading).toBeLessThan(50 * 1024 * 1024);
    expect(log.loud()).toEqual([]);
    await eventually(() => server.connections === 0);
    expect(server.inFlight).toBe(0);
  });

  test('and is just small enough arrives whole', async () => {
    const { dial } = await serve({ app, limits });
    const wire = dial();
    wire.write(`${CHUNKED}${chunk(LIMIT / 2)}${chunk(LIMIT / 2)}0\r\n\r\n${get('/next')}`);
    expect((await wire.responses(2))[0]).toMatchObject({ status: 200, body: String(LIMIT) });
  });
});

test('of a body that is too large no more than the limit and one read is taken in', async () => {
  const taken: number[] = [];
  const { dial, server } = await serve({
    app: async (request, { incoming }) => {
      // What the parser has read from this client, whatever the handler gets to see.
      const { socket } = incoming as { readonly socket: { readonly bytesRead: number } };
      taken.push(0);
      const looking = setInterval(() => taken.push(socket.bytesRead), 1);
      await request.text().finally(() => clearInterval(looking));
      return new Response('never');
    },
    limits,
  });
  const wire = dial();
  wire.write(CHUNKED);
  await upload(wire, 50 * 1024 * 1024);
  await eventually(() => server.connections === 0);
  expect(Math.max(...taken)).toBeLessThanOrEqual(LIMIT + SLACK + CHUNKED.length);
});

describe('an announced body that is too large', () => {
  test('is refused before its handler runs, and hardly any of it is taken in', async () => {
    let asked = 0;
    const { dial, server } = await serve({
      app: () => {
        asked += 1;
        return new Response('never');
      },
      limits,
    });
    const wire = dial();
    wire.write(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${50 * 1024 * 1024}\r\n\r\n`);
    const uploading = upload(wire, 50 * 1024 * 1024);
    expect(await wire.responses()).toMatchObject([{ status: 413 }]);
    expect(await uploading).toBeLessThan(50 * 1024 * 1024);
    expect(asked).toBe(0);
    await eventually(() => server.connections === 0);
  });

  test('is not even sent by a client that asks first', async () => {
    const { dial } = await serve({ app: () => new Response('never'), limits });
    const wire = dial();
    wire.write(`POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`);
    expect(await wire.responses()).toMatchObject([{ status: 413 }]);
    expect(wire.text()).not.toContain('100 Continue');
  });
});

test('a client that asks first is told to go on, once, and then answered', async () => {
  const { dial } = await serve({ app: async (request) => new Response(await request.text()), limits });
  const wire = dial();
  wire.write('POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  expect(await wire.responses()).toMatchObject([{ status: 100 }]);
  wire.write('hello');
  expect(await wire.responses(2)).toMatchObject([{ status: 100 }, { status: 200, body: 'hello' }]);
});

test('an expectation nobody has heard of is not met', async () => {
  const { dial } = await serve({ app: () => new Response('never') });
  const wire = dial();
  wire.write('POST / HTTP/1.1\r\nHost: test\r\nExpect: miracles\r\nContent-Length: 0\r\n\r\n');
  expect(await wire.responses()).toMatchObject([{ status: 417 }]);
});

test('a limit of 0 is none', async () => {
  const { dial } = await serve({
    app: async (request) => new Response(String((await request.text()).length)),
    limits: { maxBodyBytes: 0 },
  });
  const wire = dial();
  wire.write(post('/', 'x'.repeat(1_000_000)));
  expect(await wire.responses()).toMatchObject([{ status: 200, body: '1000000' }]);
});

describe('a body its handler does not read', () => {
  test.each([
    { kind: 'announced', bytes: post('/', 'x'.repeat(150_000)) },
    { kind: 'chunked', bytes: `${CHUNKED}${chunk(150_000)}0\r\n\r\n` },
  ])('and that is $kind does not get in the way of the next request', async ({ bytes }) => {
    const { dial } = await serve({ app: () => new Response('unread'), limits });
    const wire = dial();
    wire.write(bytes);
    await wire.responses();
    wire.write(get('/'));
    expect(await wire.responses(2)).toMatchObject([{ body: 'unread' }, { body: 'unread' }]);
  });

  test('and that never comes whole costs nothing but its connection, after its answer', async () => {
    const { dial, server } = await serve({ app: () => new Response('unread'), limits });
    const wire = dial();
    wire.write('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nsome');
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'unread' }]);
    expect(await wire.closed).toBe('ended');
    await eventually(() => server.connections === 0);
  });

  test('and that has no end is thrown away for a moment, then cut off, and its answer arrives all the same', async () => {
    const { dial, server, log } = await serve({ app: () => new Response('unread'), limits });
    const wire = dial();
    wire.write(CHUNKED);
    const uploading = upload(wire, 50 * 1024 * 1024);
    expect(await wire.responses()).toMatchObject([{ status: 200, body: 'unread' }]);
    await uploading;
    expect(log.loud()).toEqual([]);
    await eventually(() => server.connections === 0);
  });
});

test('an early answer to an upload arrives although the server is told to leave', async () => {
  const large = 'y'.repeat(300_000);
  const { dial, server } = await serve({
    app: () => clock(20).then(() => new Response(large)),
    limits: { maxBodyBytes: 0 },
  });
  const wire = dial();
  wire.write(`POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${20 * 1024 * 1024}\r\n\r\n`);
  await eventually(() => server.inFlight === 1);
  const drain = server.drain(5_000, () => false).subscribe();
  wire.write('x'.repeat(1024 * 1024));
  const [answer] = await wire.responses();
  expect(answer?.body).toHaveLength(large.length);
  expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
  drain.unsubscribe();
});
