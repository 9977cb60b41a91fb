import { constants } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { FLOODS, flood } from '../../attack/http2-attackers.ts';
import { clock, eventually } from '../serving.ts';
import { ask, speak } from './speaking.ts';

/** Far more than any of them gets rid of. */
const MOST_BYTES = 50_000_000;

const LOOK_MS = 100;

/** Settles once this process has next to nothing to do; it has five seconds for that. */
const calm = async (): Promise<void> => {
  const until = performance.now() + 5_000;
  for (;;) {
    const before = process.cpuUsage();
    await clock(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1_000 < LOOK_MS / 4) return;
    if (performance.now() > until) throw new Error('the processor is busy five seconds after the flood has ended');
  }
};

describe.each(FLOODS)('a flood of %s', (kind) => {
  test('ends its session, and disturbs nobody else', { timeout: 20_000 }, async () => {
    let asked = 0;
    const { dial, plug, clients, log, responder } = await speak({
      app: (request) => {
        asked += 1;
        return request.url.endsWith('/slow') ? new Promise<Response>(() => {}) : new Response('ok');
      },
    });
    const good = dial();
    expect((await ask(good)).body).toBe('ok');
    let cut = false;
    const flooded = flood(plug(), kind, MOST_BYTES).finally(() => {
      cut = true;
    });
    let answered = 0;
    while (!cut) {
      expect((await ask(good)).body).toBe('ok');
      answered += 1;
    }
    const { bytes, goaway } = await flooded;
    expect(bytes).toBeLessThan(MOST_BYTES);
    if (goaway !== undefined) expect(goaway).not.toBe(constants.NGHTTP2_NO_ERROR);
    expect(asked - answered).toBeLessThan(2_000);
    await eventually(() => clients.size === 1 && responder.inFlight === 0);
    expect((await ask(good)).body).toBe('ok');
    await calm();
    expect(log.loud()).toEqual([]);
  });
});
