import { describe, expect, test } from 'vitest';
import type { ProxyConfig } from '../../../lib/config/proxy-config.ts';
import type { LiveTarget } from '../../../lib/config/target-config.ts';
import { get, post } from '../../listener/wire.ts';
import { eventually, serve } from '../serving.ts';
import { backend, besideTargets, deadUrl } from './backend.ts';

const through = (proxy: ProxyConfig) => serve({ routes: [{ path: '/*', proxy }] });

const named = (name: string) => backend((_, response) => response.end(name));

const asking = (serving: Awaited<ReturnType<typeof through>>) => {
  const wire = serving.dial();
  let asked = 0;
  return async (bytes = get('/')): Promise<string> => {
    asked += 1;
    wire.write(bytes);
    return (await wire.responses(asked))[asked - 1]?.body ?? '';
  };
};

const times = async (count: number, ask: () => Promise<string>): Promise<readonly string[]> => {
  const answers: string[] = [];
  for (let asked = 0; asked < count; asked += 1) answers.push(await ask());
  return answers;
};

const withHeader = (name: string, value: string): string => `GET / HTTP/1.1\r\nHost: test\r\n${name}: ${value}\r\n\r\n`;

describe('targets that come and go', () => {
  test('are asked from the next request on, and not any more', async () => {
    const [a, b] = [await named('a'), await named('b')];
    let targets: readonly LiveTarget[] = [{ url: a.url }];
    const ask = asking(await through({ targets: () => targets }));
    expect(await times(2, ask)).toEqual(['a', 'a']);
    targets = [{ url: a.url }, { url: b.url }];
    expect((await times(4, ask)).toSorted()).toEqual(['a', 'a', 'b', 'b']);
    targets = [{ url: b.url }];
    expect(await times(2, ask)).toEqual(['b', 'b']);
  });

  test('finish what they were asked when they leave', async () => {
    let release: () => void = () => {};
    const slow = await backend((_, response) => {
      release = () => response.end('slow');
    });
    const other = await named('other');
    let targets = [slow.url];
    const serving = await through({ targets: () => targets });
    const waiting = serving.dial();
    waiting.write(get('/'));
    await eventually(() => slow.seen.length === 1);
    targets = [other.url];
    expect(await asking(serving)()).toBe('other');
    release();
    expect(await waiting.responses()).toMatchObject([{ status: 200, body: 'slow' }]);
  });

  test('and are all gone make 503 with a time to come again, and one line in the log', async () => {
    let targets: readonly string[] = [];
    const serving = await through({ targets: () => targets });
    const wire = serving.dial();
    for (const asked of [1, 2, 3]) {
      wire.write(asked === 2 ? post('/', 'body') : get('/'));
      const answer = (await wire.responses(asked))[asked - 1];
      expect(answer?.status).toBe(503);
      expect(answer?.head).toMatch(/retry-after: 1\r\n/i);
      expect(answer?.head).toMatch(/x-request-id: /i);
    }
    expect(serving.log.loud()).toMatchObject([{ level: 'warn' }]);
    expect(serving.log.lines.filter(({ level }) => level === 'debug')).toHaveLength(3);
    expect(serving.log.lines.at(-1)).toMatchObject({ details: { error: { code: 'ERR_PROXY_EMPTY' } } });
    targets = [(await named('a')).url];
    expect(await asking(serving)()).toBe('a');
  });

  test('of which one cannot be reached cost nobody a request', async () => {
    const [dead, alive] = [await deadUrl(), await named('alive')];
    const targets = [dead, alive.url];
    const serving = await through({ targets: () => targets, retries: 1 });
    const ask = asking(serving);
    expect(await times(4, () => ask(post('/', 'body')))).toEqual(['alive', 'alive', 'alive', 'alive']);
    expect(besideTargets(serving.log)).toEqual([]);
  });

  test('are followed whether or not something surrounds the route', async () => {
    const a = await named('a');
    const serving = await serve({
      routes: [{ path: '/*', proxy: { targets: () => [a.url] }, middleware: [async (_, next) => next()] }],
    });
    expect(await asking(serving)()).toBe('a');
  });
});

describe('a connection that nothing is asked on', () => {
  test('is closed as soon as it is to be, whatever its target announces', async () => {
    const { url, sockets } = await named('a');
    const ask = asking(await through({ target: url, keepAliveTimeoutMs: 20 }));
    expect(await ask()).toBe('a');
    await eventually(() => sockets.size === 0, 2_000);
    expect(await ask()).toBe('a');
  });
});

describe('targets of different weight', () => {
  test('get as much as they weigh', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const ask = asking(await through({ targets: [a.url, { url: b.url, weight: 3 }] }));
    expect((await times(8, ask)).toSorted()).toEqual(['a', 'a', 'b', 'b', 'b', 'b', 'b', 'b']);
  });

  test('and one that rests leaves its share to the others', async () => {
    const [dead, a, b] = [await deadUrl(), await named('a'), await named('b')];
    const ask = asking(
      await through({ targets: [{ url: dead, weight: 9 }, a.url, { url: b.url, weight: 2 }], coolDownMs: 60_000 }),
    );
    await ask();
    expect((await times(6, ask)).toSorted()).toEqual(['a', 'a', 'b', 'b', 'b', 'b']);
  });
});

describe('requests of one key', () => {
  test.each<[string, ProxyConfig['balance'], (key: string) => string]>([
    ['a header', { sticky: { header: 'X-User' } }, (key) => withHeader('x-user', key)],
    ['a cookie', { sticky: { cookie: 'sid' } }, (key) => withHeader('Cookie', `a=b; sid=${key}`)],
    ['a parameter', { sticky: { query: 'user' } }, (key) => get(`/?user=${key}`)],
  ])('in %s go to one target, those of many to all of them', async (_, balance = 'round-robin', bytes) => {
    const backends = [await named('a'), await named('b'), await named('c')];
    const ask = asking(await through({ targets: backends.map(({ url }) => url), balance }));
    const homes = new Set<string>();
    for (let user = 0; user < 40; user += 1) {
      const answers = await times(3, () => ask(bytes(`user-${user}`)));
      expect(new Set(answers).size).toBe(1);
      homes.add(answers[0] ?? '');
    }
    expect([...homes].toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('stay where they are when another target leaves, and come back with their own', async () => {
    const backends = [await named('a'), await named('b'), await named('c')];
    let targets = backends.map(({ url }) => url);
    const ask = asking(await through({ targets: () => targets, balance: { sticky: { header: 'x-user' } } }));
    const users = Array.from({ length: 30 }, (_, user) => withHeader('x-user', `user-${user}`));
    const homes = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const user of users) found.push(await ask(user));
      return found;
    };
    const before = await homes();
    targets = targets.slice(0, 2);
    const without = await homes();
    expect(without).not.toContain('c');
    for (const [at, home] of before.entries()) if (home !== 'c') expect(without[at]).toBe(home);
    targets = backends.map(({ url }) => url).toReversed();
    expect(await homes()).toEqual(before);
  });

  test('without one are spread in turn', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const ask = asking(await through({ targets: [a.url, b.url], balance: { sticky: { cookie: 'sid' } } }));
    expect((await times(4, ask)).toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  test('of one client go to one target, as far as those who pass it on are trusted', async () => {
    const backends = await Promise.all(['a', 'b', 'c', 'd'].map(named));
    const targets = backends.map(({ url }) => url);
    const homes = async (trust: readonly string[]): Promise<number> => {
      const ask = asking(await through({ targets, balance: { sticky: 'client-address' }, trust }));
      const found = new Set<string>();
      for (let host = 1; host < 40; host += 1) found.add(await ask(withHeader('X-Forwarded-For', `192.0.2.${host}`)));
      return found.size;
    };
    expect(await homes([])).toBe(1);
    expect(await homes(['127.0.0.1'])).toBe(4);
  });
});
