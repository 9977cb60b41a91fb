import { describe, expect, onTestFinished, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import type { UpgradeHandler } from '../../../lib/config/server-config.ts';
import { attack } from '../../attack/attackers.ts';
import { get, type Wire } from '../../listener/wire.ts';
import { clock, eventually, type Serving, serve } from '../serving.ts';

const PIECE = new Uint8Array(65_536).fill(120);

/** Pieces that were asked for so far, in this file. */
let pieces = 0;

/** More than the buffers of two sockets hold. */
const endless = (): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => {
        pieces += 1;
        controller.enqueue(PIECE);
      },
    }),
  );

const app = (request: Request): Response => {
  const { pathname } = new URL(request.url);
  if (pathname === '/large') return new Response('x'.repeat(16_000_000));
  if (pathname === '/quiet') return new Response(new ReadableStream({ start: (c) => c.enqueue(PIECE.slice(0, 8)) }));
  return pathname === '/endless' ? endless() : new Response('hello');
};

/** Asks, and then reads nothing of the answer. */
const mute = (serving: Serving, path: string): Wire => {
  const wire = serving.dial();
  wire.socket.pause();
  wire.write(get(path));
  return wire;
};

/** Nobody takes anything any more: no piece was asked for between many looks. */
const stalled = async (): Promise<void> => {
  let [seen, still] = [pieces, 0];
  await eventually(() => {
    still = pieces === seen && pieces > 0 ? still + 1 : 0;
    seen = pieces;
    return still > 20;
  });
};

const gone = (serving: Serving, before: number): Promise<void> =>
  eventually(() => serving.server.connections === before);

describe('a client that takes nothing of its answer', () => {
  test.each(['/endless', '/large'])('is cut after the limit: %s', async (path) => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 500 } });
    const startedAt = performance.now();
    mute(serving, path);
    await eventually(() => serving.server.connections === 1);
    await gone(serving, 0);
    const ms = performance.now() - startedAt;
    expect(ms).toBeGreaterThan(490);
    expect(ms).toBeLessThan(1_500);
    expect(serving.log.loud()).toEqual([]);
    expect(serving.server.inFlight).toBe(0);
  });

  test('is cut whatever it was upgraded to', async () => {
    const upgrade: UpgradeHandler = (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.write('x'.repeat(16_000_000));
    };
    const serving = await serve({ app, upgrade, limits: { writeTimeoutMs: 200 } });
    const wire = serving.dial();
    wire.socket.pause();
    wire.write(get('/', 'Connection: Upgrade', 'Upgrade: other'));
    await eventually(() => serving.server.connections === 1);
    await gone(serving, 0);
  });

  test('is cut under a limit that came into force after it had stalled', async () => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 0 } });
    mute(serving, '/endless');
    await stalled();
    expect(serving.server.connections).toBe(1);
    serving.assign({ app, limits: { writeTimeoutMs: 100 } });
    await gone(serving, 0);
  });

  test('is cut while its server drains, too', async () => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 200 } });
    mute(serving, '/endless');
    await eventually(() => serving.server.inFlight === 1);
    serving.server.drain(60_000, () => false).subscribe();
    await gone(serving, 0);
  });
});

describe('a client is left alone', () => {
  test('that takes its answer slowly', async () => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 1_500 } });
    const wire = mute(serving, '/endless');
    let taken = 0;
    // Kernels ask for more when a third of what they hold, up to some megabytes, has been taken.
    const reading = setInterval(() => {
      taken += wire.socket.read()?.length ?? 0;
    }, 2);
    onTestFinished(() => clearInterval(reading));
    await clock(3_500);
    expect(serving.server.connections).toBe(1);
    expect(taken).toBeGreaterThan(1_000_000);
  });

  test('that has nothing to take', async () => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 100 } });
    const wire = serving.dial();
    wire.write(get('/quiet'));
    await wire.until((text) => text.includes('xxxxxxxx'));
    await clock(600);
    expect(serving.server.connections).toBe(1);
  });

  test('when the event loop stood still, and it could take nothing', async () => {
    const serving = await serve({ app, limits: { writeTimeoutMs: 400 } });
    const wire = serving.dial();
    let taken = 0;
    wire.socket.on('data', (chunk) => {
      taken += chunk.length;
    });
    wire.write(get('/large'));
    await eventually(() => taken > 0);
    wire.socket.pause();
    await clock(150);
    const until = performance.now() + 1_500;
    while (performance.now() < until);
    wire.socket.resume();
    await eventually(() => taken > 16_000_000);
  });
});

test('a hundred of them cost little memory, are all gone in time, and disturb nobody', async () => {
  const serving = await serve({ app, limits: { writeTimeoutMs: 1_500 } });
  const good = serving.dial();
  good.write(get('/'));
  await good.responses();
  const before = process.memoryUsage().rss;
  const address = formatAddress(serving.address);
  const slow = attack({ kind: 'slow-reader', address, count: 100, intervalMs: 60_000, arriveMs: 0, path: '/endless' });
  onTestFinished(slow.stop);
  await slow.begun;
  await eventually(() => serving.server.connections === 101);
  await clock(700);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_048_576);
  good.write(get('/'));
  await good.responses(2);
  await gone(serving, 1);
  good.write(get('/'));
  expect((await good.responses(3)).map(({ status }) => status)).toEqual([200, 200, 200]);
});
