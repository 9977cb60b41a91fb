import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { drainOf, eventually, type Served, serve } from '../serving.ts';
import { certificate } from './certificates.ts';
import { dialTls } from './tls-wire.ts';

const printOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

/** Answers when it is told to. */
const slow = () => {
  const asked: (() => void)[] = [];
  const app = (): Promise<Response> =>
    new Promise((resolve) => {
      asked.push(() => resolve(new Response('slow')));
    });
  return { app, asked };
};

const saying = (text: string, more: Partial<Served> = {}): Served => ({ app: () => new Response(text), ...more });

describe('other TLS settings', () => {
  test('touch no connection, and count for every handshake that begins later', async () => {
    const [one, two, ca] = await Promise.all([certificate(), certificate(), certificate({ signs: true })]);
    const { address, assign } = await serve(saying('one', { tls: one }));
    const kept = dialTls(address);
    expect(await kept.agreed).toBe(printOf(one.cert));
    kept.write(get('/'));
    await kept.responses();
    assign(saying('two', { tls: { ...two, minVersion: 'TLSv1.3', ca: ca.cert, clientAuth: 'request' } }));
    kept.write(get('/'));
    const answers = await kept.responses(2);
    expect(answers[1]).toMatchObject({ status: 200, body: 'two' });
    expect(answers[1]?.head).not.toMatch(/connection: close/i);
    const fresh = dialTls(address);
    expect(await fresh.agreed).toBe(printOf(two.cert));
    await expect(dialTls(address, { maxVersion: 'TLSv1.2' }).agreed).rejects.toThrow();
  });

  test('that let nobody in without a certificate have those leave who showed none, after their answer', async () => {
    const [pair, ca] = await Promise.all([certificate(), certificate({ names: ['ca'], signs: true })]);
    const client = await certificate({ names: ['client'], by: ca });
    const { app, asked } = slow();
    const { address, assign, server } = await serve({ app, tls: { ...pair, ca: ca.cert, clientAuth: 'request' } });
    const [anonymous, known] = [dialTls(address), dialTls(address, client)];
    for (const wire of [anonymous, known]) wire.write(get('/'));
    await eventually(() => asked.length === 2);
    assign(saying('strict', { tls: { ...pair, ca: ca.cert, clientAuth: 'require' } }));
    for (const answer of asked) answer();
    const [answer] = await anonymous.responses();
    expect(answer).toMatchObject({ status: 200, body: 'slow' });
    expect(answer?.head).toMatch(/connection: close/i);
    expect(await anonymous.closed).toBe('ended');
    await known.closed;
    await eventually(() => server.connections === 0);
    const nobody = dialTls(address);
    nobody.write(get('/'));
    await expect(nobody.responses()).rejects.toThrow();
    const again = dialTls(address, client);
    again.write(get('/'));
    expect((await again.responses())[0]).toMatchObject({ status: 200, body: 'strict' });
  });
});

test('http becomes https and http again on one port: what was asked in one is answered in it', async () => {
  const pair = await certificate();
  const { app, asked } = slow();
  const { address, assign, dial, server } = await serve({ app });
  const plain = dial();
  plain.write(get('/'));
  await eventually(() => asked.length === 1);

  assign({ app, tls: pair });
  const encrypted = dialTls(address);
  encrypted.write(get('/'));
  await eventually(() => asked.length === 2);
  expect(server.inFlight).toBe(2);

  assign(saying('plain again'));
  const last = dial();
  last.write(get('/'));
  expect((await last.responses())[0]).toMatchObject({ status: 200, body: 'plain again' });

  for (const answer of asked) answer();
  for (const wire of [plain, encrypted]) {
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'slow' });
    expect(answer?.head).toMatch(/connection: close/i);
    expect(await wire.closed).toBe('ended');
  }
  await eventually(() => server.connections === 1);
});

test('a handshake that is under way when http takes its place is finished, and its first request answered', async () => {
  const pair = await certificate();
  const { address, assign, server } = await serve(saying('encrypted', { tls: pair }));
  const wires = Array.from({ length: 10 }, () => dialTls(address));
  await eventually(() => server.connections === 10);
  assign(saying('plain'));
  for (const wire of wires) wire.write(get('/'));
  for (const wire of wires) {
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'encrypted' });
    expect(answer?.head).toMatch(/connection: close/i);
  }
  await eventually(() => server.connections === 0);
});

describe('a drain', () => {
  test('waits for handshakes, answers their first request, and cuts what stalls at the deadline', async () => {
    const pair = await certificate();
    const { address, dial, server } = await serve(saying('bye', { tls: pair }));
    const stalled = dial();
    stalled.write(Buffer.from('1603010200', 'hex'));
    await eventually(() => server.connections === 1);
    const wires = Array.from({ length: 5 }, () => dialTls(address));
    await eventually(() => server.connections === 6);
    const drain = drainOf(server, 700);
    for (const wire of wires) wire.write(get('/'));
    for (const wire of wires) expect((await wire.responses())[0]?.head).toMatch(/connection: close/i);
    const { cut, ms } = await drain.over;
    expect(cut).toBe(1);
    expect(ms).toBeGreaterThan(600);
    await eventually(() => server.connections === 0);
    await stalled.closed;
  });

  test('does not wait for those who have said nothing for a second', async () => {
    const { dial, server } = await serve(saying('x', { tls: await certificate() }));
    const silent = dial();
    await eventually(() => server.connections === 1);
    const { cut, ms } = await drainOf(server, 20_000).over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(3_000);
    expect(await silent.closed).toBeDefined();
  });
});

test('a client that takes nothing of a long answer is cut off, however much is encrypted already', async () => {
  const { address, server } = await serve({
    app: () => new Response(new Uint8Array(64 * 1024 * 1024)),
    limits: { writeTimeoutMs: 300 },
    tls: await certificate(),
  });
  const wire = dialTls(address);
  await wire.agreed;
  wire.write(get('/'));
  wire.socket.pause();
  await eventually(() => server.inFlight === 1 || server.connections === 0);
  await eventually(() => server.connections === 0);
});

test('500 handshakes at once are made whole while certificates change', async () => {
  const pairs = await Promise.all([1, 2, 3, 4].map(() => certificate()));
  const prints = new Set(pairs.map(({ cert }) => printOf(cert)));
  const [first] = pairs;
  if (first === undefined) throw new Error('there are four');
  const { address, assign, server, log } = await serve(saying('x', { tls: first }));
  let turn = 0;
  const rotation = setInterval(() => {
    turn += 1;
    const pair = pairs[turn % pairs.length] ?? first;
    assign(saying('x', { tls: pair }));
  }, 5);
  const wires = Array.from({ length: 500 }, () => dialTls(address));
  const seen = await Promise.all(
    wires.map(async (wire) => {
      const print = await wire.agreed;
      wire.write(get('/'));
      await wire.responses();
      return print;
    }),
  );
  clearInterval(rotation);
  expect(turn).toBeGreaterThan(3);
  expect(seen.filter((print) => prints.has(print))).toHaveLength(500);
  expect(server.connections).toBe(500);
  expect(log.loud()).toEqual([]);
}, 30_000);
