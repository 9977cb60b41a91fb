import { describe, expect, test } from 'vitest';
import type { ProxyConfig } from '../../../lib/config/proxy-config.ts';
import { get, post } from '../../listener/wire.ts';
import { eventually, serve } from '../serving.ts';
import { backend, besideTargets, deadUrl, rawBackend } from './backend.ts';

const through = (proxy: ProxyConfig) => serve({ routes: [{ path: '/*', proxy }] });

/** A target that takes requests, and the connection away instead of an answer. */
const dying = () =>
  rawBackend((socket, text) => {
    if (text.includes('\r\n\r\n')) socket.destroy();
  });

const named = async (name: string) => {
  const made = await backend((request, response) => {
    request.resume();
    request.on('end', () => response.end(name));
  });
  return made;
};

const bodies = async (
  serving: Awaited<ReturnType<typeof through>>,
  count: number,
  bytes = get('/'),
): Promise<readonly string[]> => {
  const wire = serving.dial();
  const found: string[] = [];
  for (let asked = 1; asked <= count; asked += 1) {
    wire.write(bytes);
    found.push((await wire.responses(asked))[asked - 1]?.body ?? '');
  }
  return found;
};

describe('several targets', () => {
  test('take turns', async () => {
    const [a, b, c] = [await named('a'), await named('b'), await named('c')];
    const serving = await through({ targets: [a.url, b.url, c.url] });
    expect(await bodies(serving, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('or whoever has least to do is asked', async () => {
    let release: () => void = () => {};
    const slow = await backend((_, response) => {
      release = () => response.end('slow');
    });
    const quick = await named('quick');
    const serving = await through({ targets: [slow.url, quick.url], balance: 'least-in-flight' });
    const waiting = serving.dial();
    waiting.write(get('/'));
    await eventually(() => slow.seen.length === 1);
    expect(await bodies(serving, 4)).toEqual(['quick', 'quick', 'quick', 'quick']);
    release();
    expect(await waiting.responses()).toMatchObject([{ body: 'slow' }]);
  });

  test('of which one is gone lose nobody a request, whatever its method, and leave that one alone', async () => {
    const [dead, alive] = [await deadUrl(), await named('alive')];
    const serving = await through({ targets: [dead, alive.url], coolDownMs: 60_000 });
    expect(await bodies(serving, 1, post('/', 'body'))).toEqual(['alive']);
    expect(await bodies(serving, 3)).toEqual(['alive', 'alive', 'alive']);
    expect(besideTargets(serving.log)).toEqual([]);
  });

  test('one that comes back is asked again after its rest', async () => {
    const gone = await named('first');
    const alive = await named('alive');
    const serving = await through({ targets: [gone.url, alive.url], coolDownMs: 50 });
    await gone.close();
    expect(await bodies(serving, 4)).toEqual(['alive', 'alive', 'alive', 'alive']);
    await backend((_, response) => response.end('back'), gone.port);
    const wire = serving.dial();
    let asked = 0;
    const seen = new Set<string>();
    while (!seen.has('back')) {
      asked += 1;
      wire.write(get('/'));
      seen.add((await wire.responses(asked))[asked - 1]?.body ?? '');
      expect(asked).toBeLessThan(10_000);
    }
    expect([...seen].sort()).toEqual(['alive', 'back']);
  });

  test('which are all gone say when to come again, and are asked one at a time', async () => {
    const serving = await through({ targets: [await deadUrl(), await deadUrl()], coolDownMs: 2_000 });
    const wire = serving.dial();
    for (const asked of [1, 2]) {
      wire.write(get('/'));
      const answer = (await wire.responses(asked))[asked - 1];
      expect(answer?.status).toBe(503);
      expect(answer?.head).toMatch(/retry-after: 2\r\n/i);
    }
    expect(besideTargets(serving.log)).toHaveLength(2);
  });
});

describe('a target that ends the connection instead of answering', () => {
  test('costs nobody a request that can be repeated', async () => {
    const [bad, good] = [await dying(), await named('good')];
    const serving = await through({ targets: [bad.url, good.url], coolDownMs: 0 });
    expect(await bodies(serving, 4)).toEqual(['good', 'good', 'good', 'good']);
    expect(bad.sockets.length).toBeGreaterThan(0);
    expect(besideTargets(serving.log)).toEqual([]);
  });

  test('costs whoever sent something that cannot be repeated a 502: it may have been done', async () => {
    for (const bytes of [
      post('/', 'body'),
      'PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody',
      'POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n',
    ]) {
      const [bad, good] = [await dying(), await named('good')];
      const serving = await through({ targets: [bad.url, good.url] });
      const wire = serving.dial();
      wire.write(bytes);
      expect(await wire.responses()).toMatchObject([{ status: 502 }]);
      expect(good.seen).toHaveLength(0);
      expect(besideTargets(serving.log)).toMatchObject([{ details: { error: { code: 'ERR_PROXY_ENDED' } } }]);
    }
  });

  test('when it is the only one is asked once more: a kept connection may have just been closed', async () => {
    let connections = 0;
    const { url } = await rawBackend((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      const requests = text.split('\r\n\r\n').length - 1;
      if (requests === 1) connections += 1;
      if (requests > 1) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const serving = await through({ target: url });
    expect(await bodies(serving, 2)).toEqual(['ok', 'ok']);
    expect(connections).toBe(2);
    expect(besideTargets(serving.log)).toEqual([]);
  });

  test('every time is asked twice and no more', async () => {
    const { url, sockets } = await dying();
    const serving = await through({ target: url, retries: 5 });
    const wire = serving.dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 502 }]);
    expect(sockets).toHaveLength(2);
  });

  test('is asked once when nothing may be repeated', async () => {
    const { url, sockets } = await dying();
    const serving = await through({ targets: [url, (await named('good')).url], retries: 0 });
    const wire = serving.dial();
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ status: 502 }]);
    expect(sockets).toHaveLength(1);
  });

  test('cannot make the others drown in repetitions', async () => {
    const targets = await Promise.all(Array.from({ length: 4 }, dying));
    const serving = await through({ targets: targets.map(({ url }) => url), retries: 3, coolDownMs: 0 });
    const wires = Array.from({ length: 20 }, () => serving.dial());
    const requests = 40;
    await Promise.all(
      wires.map(async (wire) => {
        for (let asked = 1; asked <= requests; asked += 1) {
          wire.write(get('/'));
          await wire.responses(asked);
        }
      }),
    );
    const attempts = targets.reduce((sum, { sockets }) => sum + sockets.length, 0);
    expect(attempts).toBeLessThanOrEqual(800 * 1.1 + 100);
    expect(attempts).toBeGreaterThan(800);
  });
});
