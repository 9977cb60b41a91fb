import { expect, test } from 'vitest';
import { createHttp2AccountingClient } from '../../accounting/http2-client.ts';
import { type AccountingReport, failures } from '../../accounting/tally.ts';
import { clock } from '../serving.ts';
import { speak } from './speaking.ts';

const shown = ({ written, answered, asked, refused, connected, examples }: AccountingReport): string =>
  JSON.stringify({ written, answered, asked, refused, connected, examples });

const handlers = {
  'that answers at once': (word: string) => () => new Response(word),
  'that takes a moment': (word: string) => async () => {
    await clock(Math.random() * 8);
    return new Response(word);
  },
  'that sends streams': (word: string) => () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(word));
          setTimeout(() => controller.close(), 2);
        },
      }),
    ),
} as const;

const kinds = Object.keys(handlers) as (keyof typeof handlers)[];

test('a thousand exchanged handlers cost no request, and touch no session', { timeout: 30_000 }, async () => {
  const { port, assign, clients } = await speak({ app: () => new Response('v0') });
  const client = createHttp2AccountingClient({
    address: () => `127.0.0.1:${port}`,
    sessions: 4,
    streams: 8,
    version: ({ body }) => body,
  });
  client.start();
  for (let version = 1; version <= 1_000; version += 1) {
    const word = `v${version}`;
    assign({ app: version % 2 === 0 ? () => new Response(word) : async () => new Response(word) });
    await clock(2);
  }
  expect(clients.size).toBe(4);
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report).toMatchObject({ refused: 0, asked: 0, connected: 4 });
  expect(Object.keys(report.firstSeen).length).toBeGreaterThan(500);
});

const ROUNDS = 25;
const SESSIONS = 6;
const STREAMS = 10;

test.each(kinds)(
  'a server %s is left by its sessions under load without a lost request',
  { timeout: 30_000 },
  async (kind) => {
    const speaking = await speak({ app: handlers[kind]('ok') });
    const client = createHttp2AccountingClient({
      address: () => `127.0.0.1:${speaking.port}`,
      sessions: SESSIONS,
      streams: STREAMS,
    });
    client.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      await clock(60);
      const left = [...speaking.clients];
      for (const session of left) session.leave();
    }
    const report = await client.stop();
    expect(failures(report), shown(report)).toBe(0);
    // Those that were on their way when their session was told. Who waits for an answer is told ahead of it. A session
    // that is simply closed refuses whatever is under way: a fifth of that at most, however fast the machine answers.
    expect(report.refused, shown(report)).toBeLessThan((ROUNDS * SESSIONS * STREAMS) / 5);
    expect(report.asked).toBeGreaterThan(SESSIONS * 12);
    expect(report.answered).toBeGreaterThan(300);
  },
);

test('a hundred streams at once, always, are all answered', { timeout: 30_000 }, async () => {
  const { port } = await speak({ app: () => new Response('ok') });
  const client = createHttp2AccountingClient({ address: () => `127.0.0.1:${port}`, sessions: 2, streams: 100 });
  client.start();
  await clock(3_000);
  const report = await client.stop();
  expect(failures(report), shown(report)).toBe(0);
  expect(report).toMatchObject({ refused: 0, connected: 2 });
});
