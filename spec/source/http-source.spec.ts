import { type AddressInfo, createServer } from 'node:net';
import { firstValueFrom, Subject } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { OptionsError } from '../../lib/config/errors.ts';
import { type HttpSourceOptions, httpSource } from '../../lib/source/http-source.ts';
import { type Origin, openOrigin, serveJson } from './http/origin.ts';
import { config, type Reading, read, summary } from './reading.ts';

const FAST: HttpSourceOptions = { intervalMs: 10, backoff: { initialMs: 5, maxMs: 10 } };

const follow = (origin: Origin, options: HttpSourceOptions = {}, path = '/sluice.json'): Reading =>
  read(httpSource(`${origin.url}${path}`, { ...FAST, ...options }));

/** Waits until the origin was asked this many times more. */
const asked = async (origin: Origin, more: number): Promise<void> => {
  const wanted = origin.requests.length + more;
  await expect.poll(() => origin.requests.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(wanted);
};

const lines = ({ events }: Reading, origin: Origin): readonly string[] =>
  events.map((event) => summary(event).replaceAll(origin.url, 'it'));

const only = async (origin: Origin, options: HttpSourceOptions = {}, path?: string): Promise<string> => {
  const reading = follow(origin, { watch: false, ...options }, path);
  await reading.next(0);
  await expect.poll(reading.isComplete).toBe(true);
  return lines(reading, origin).join(' | ');
};

describe('following', () => {
  test('each new content is one event, and what is known already is not sent again', async () => {
    let text = config(1);
    const origin = await openOrigin((request, response) => serveJson(() => text)(request, response));
    const reading = follow(origin);
    await reading.next(0);
    await asked(origin, 3);
    expect(origin.requests[0]?.headers['if-none-match']).toBeUndefined();
    expect(origin.requests.at(-1)?.headers['if-none-match']).toMatch(/^".+"$/);
    text = config(2);
    await reading.next(1);
    await asked(origin, 2);
    expect(lines(reading, origin)).toEqual(['loaded web=127.0.0.1:1', 'loaded web=127.0.0.1:2']);
    expect(reading.events[0]?.file).toBe(`${origin.url}/sluice.json`);
  });

  test('a time of change is as good as an ETag', async () => {
    const stamp = 'Thu, 01 Jan 2026 12:00:00 GMT';
    const origin = await openOrigin((request, response) => {
      if (request.headers['if-modified-since'] === stamp) response.writeHead(304).end();
      else response.writeHead(200, { 'content-type': 'application/json', 'last-modified': stamp }).end(config(1));
    });
    const reading = follow(origin);
    await asked(origin, 3);
    expect(reading.events).toHaveLength(1);
    expect(origin.requests.at(-1)?.headers['if-modified-since']).toBe(stamp);
  });

  test('from a server that knows neither, the same bytes are no news', async () => {
    const origin = await openOrigin((_, response) => response.setHeader('content-type', 'text/plain').end(config(1)));
    const reading = follow(origin);
    await asked(origin, 4);
    expect(lines(reading, origin)).toEqual(['loaded web=127.0.0.1:1']);
  });

  test('YAML is understood, by type or by name', async () => {
    const yaml = 'servers: { web: { listen: "127.0.0.1:3", routes: [] } }';
    const origin = await openOrigin((request, response) => {
      response.setHeader('content-type', request.url === '/typed' ? 'application/yaml' : 'text/plain').end(yaml);
    });
    expect(await only(origin, {}, '/typed')).toBe('loaded web=127.0.0.1:3');
    expect(await only(origin, {}, '/named.yml')).toBe('loaded web=127.0.0.1:3');
    expect(await only(origin, { format: 'yaml' }, '/neither')).toBe('loaded web=127.0.0.1:3');
    expect(await only(origin, {}, '/neither')).toContain('ERR_SOURCE_FORMAT the answer is text/plain, neither JSON');
  });

  test('asking for it asks at once, and reports what is known already', async () => {
    const reload$ = new Subject<void>();
    const origin = await openOrigin(serveJson(() => config(1)));
    const reading = follow(origin, { intervalMs: 60_000, reload$ });
    await reading.next(0);
    reload$.next();
    await reading.next(1);
    expect(origin.requests).toHaveLength(2);
    reload$.error(new Error('gone'));
    expect(reading.isComplete()).toBe(false);
  });

  test('headers are sent along', async () => {
    const origin = await openOrigin(serveJson(() => config(1)));
    await only(origin, { headers: { Authorization: 'Bearer canary' } });
    expect(origin.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer canary',
      'accept-encoding': 'identity',
    });
  });

  test('each subscriber asks for itself', async () => {
    const origin = await openOrigin(serveJson(() => config(1)));
    const source = httpSource(`${origin.url}/a.json`, { watch: false });
    await Promise.all([read(source).next(0), read(source).next(0)]);
    expect(origin.requests).toHaveLength(2);
  });
});

describe('failing', () => {
  test('a failure is told once, and when it is over the content is told again', async () => {
    const good = serveJson(() => config(1));
    const origin = await openOrigin(good);
    const reading = follow(origin);
    await reading.next(0);
    origin.answer = (_, response) => void response.writeHead(503).end();
    await reading.next(1);
    await asked(origin, 3);
    expect(reading.events).toHaveLength(2);
    origin.answer = good;
    await reading.next(2);
    expect(lines(reading, origin)).toEqual([
      'loaded web=127.0.0.1:1',
      'failed it/sluice.json ERR_SOURCE_STATUS the server answered 503',
      'loaded web=127.0.0.1:1',
    ]);
  });

  test('another failure is another event', async () => {
    const origin = await openOrigin((_, response) => void response.writeHead(500).end());
    const reading = follow(origin);
    await reading.next(0);
    origin.answer = (_, response) => void response.socket?.destroy();
    await reading.next(1);
    await origin.close();
    await reading.next(2);
    expect(lines(reading, origin)).toEqual([
      'failed it/sluice.json ERR_SOURCE_STATUS the server answered 500',
      'failed it/sluice.json ERR_SOURCE_UNREACHABLE the server cannot be asked (UND_ERR_SOCKET)',
      'failed it/sluice.json ERR_SOURCE_UNREACHABLE the server cannot be asked (ECONNREFUSED)',
    ]);
  });

  test('a broken content has its place, and the repair is an event', async () => {
    let text = '{"servers": {"web": {"listen": 1, "routes": []}}}';
    const origin = await openOrigin((request, response) => serveJson(() => text)(request, response));
    const reading = follow(origin);
    await reading.next(0);
    text = '{';
    await reading.next(1);
    text = config(1);
    await reading.next(2);
    expect(lines(reading, origin)).toEqual([
      expect.stringMatching(/^failed it\/sluice\.json:1:22 ERR_CONFIG web\.listen: /),
      expect.stringMatching(/^failed it\/sluice\.json:1:2 ERR_SOURCE_SYNTAX /),
      'loaded web=127.0.0.1:1',
    ]);
  });

  test('a server that wants to be left alone is', async () => {
    const times: number[] = [];
    const origin = await openOrigin((_, response) => {
      times.push(performance.now());
      response.writeHead(429, { 'retry-after': '1' }).end();
    });
    follow(origin);
    await expect.poll(() => times.length, { timeout: 5_000 }).toBe(2);
    // Timers of Node may be early by less than a millisecond.
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(998);
  });

  test.each([204, 206, 304, 401, 403, 404, 500])('status %d brings no configuration', async (status) => {
    const origin = await openOrigin((_, response) => void response.writeHead(status).end());
    expect(await only(origin)).toBe(`failed it/sluice.json ERR_SOURCE_STATUS the server answered ${status}`);
  });

  test('a page instead of data is refused by its type', async () => {
    const origin = await openOrigin((_, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>Sign in'),
    );
    expect(await only(origin)).toContain('ERR_SOURCE_FORMAT the answer is text/html, neither JSON nor YAML');
  });

  test('code is never taken from a server', async () => {
    const origin = await openOrigin((_, response) => response.end('export default {}'));
    expect(await only(origin, {}, '/sluice.config.mjs')).toContain('ERR_SOURCE_FORMAT');
  });

  test('a server that does not answer in time, or stops in the middle, is given up', async () => {
    const origin = await openOrigin(() => undefined);
    const slow = 'ERR_SOURCE_TIMEOUT the server did not answer within 50 ms';
    expect(await only(origin, { timeoutMs: 50 })).toContain(slow);
    origin.answer = (_, response) => {
      response.setHeader('content-type', 'application/json').write('{');
    };
    expect(await only(origin, { timeoutMs: 50 })).toContain(slow);
    await expect.poll(origin.connections).toBe(0);
  });

  test('an answer that ends too early is no configuration', async () => {
    const origin = await openOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"servers": {}}');
      setImmediate(() => response.destroy());
    });
    expect(await only(origin)).toContain('ERR_SOURCE_UNREACHABLE');
  });

  test('what does not speak HTTP is said to be so', async () => {
    const other = createServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH\r\n'));
    onTestFinished(() => void other.close());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const event = await firstValueFrom(httpSource(`http://127.0.0.1:${port}/a.json`, { watch: false }));
    expect(event).toMatchObject({
      problems: [{ code: 'ERR_SOURCE_UNREACHABLE', hint: expect.stringContaining('does not speak HTTP') }],
    });
    expect(JSON.stringify(event)).not.toContain('undefined');
  });

  test('more than 1 MiB is not read, whether or not it is announced', async () => {
    const origin = await openOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2_000_000 }).flushHeaders();
    });
    const large = 'failed it/sluice.json ERR_SOURCE_TOO_LARGE the answer is larger than 1048576 bytes';
    expect(await only(origin)).toBe(large);
    let sent = 0;
    origin.answer = (_, response) => {
      response.setHeader('content-type', 'application/json');
      const more = (): void => {
        while (!response.destroyed && sent < 200_000_000) {
          sent += 65_536;
          if (!response.write(' '.repeat(65_536))) break;
        }
      };
      response.on('drain', more);
      more();
    };
    expect(await only(origin)).toBe(large);
    expect(sent).toBeLessThan(50_000_000);
  });

  test('a compressed answer nobody asked for is refused', async () => {
    const origin = await openOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x');
    });
    expect(await only(origin)).toContain('ERR_SOURCE_ENCODING');
  });

  test.each(['nowhere', 'file:///etc/passwd', 'ftp://localhost/a.json'])('%s is refused by its name', (url) => {
    const reading = read(httpSource(url));
    expect(summary(reading.events[0])).toContain('ERR_SOURCE_FORMAT this is no http or https URL');
    expect(reading.isComplete()).toBe(true);
  });

  test.each<[string, HttpSourceOptions]>([
    ['intervalMs', { intervalMs: 0 }],
    ['timeoutMs', { timeoutMs: 2 ** 31 }],
    ['backoff.maxMs', { backoff: { maxMs: Number.NaN } }],
    ['maxRedirects', { maxRedirects: -1 }],
    ['headers', { headers: { authorization: 'Bearer a\nb' } }],
  ])('%s that nothing can work with is an error', (option, options) => {
    expect(() => httpSource('http://localhost/', options)).toThrow(OptionsError);
    expect(() => httpSource('http://localhost/', options)).toThrow(option);
  });
});

describe('redirects', () => {
  const redirecting = (to: () => string): Promise<Origin> =>
    openOrigin((request, response) => {
      if (request.url === '/end.json') serveJson(() => config(1))(request, response);
      else response.writeHead(302, { location: to() }).end();
    });

  test('one within the server is followed, headers and all', async () => {
    const origin = await redirecting(() => '/end.json');
    expect(await only(origin, { headers: { 'x-token': 'canary' } })).toBe('loaded web=127.0.0.1:1');
    expect(origin.requests.map(({ headers }) => headers['x-token'])).toEqual(['canary', 'canary']);
  });

  test('one to another server is followed, without the headers', async () => {
    const other = await redirecting(() => '/');
    const origin = await redirecting(() => `${other.url}/end.json`);
    expect(await only(origin, { headers: { 'x-token': 'canary' } })).toBe('loaded web=127.0.0.1:1');
    expect(other.requests.map(({ headers }) => headers['x-token'])).toEqual([undefined]);
  });

  test('a circle ends', async () => {
    const origin = await redirecting(() => '/again');
    expect(await only(origin)).toContain('ERR_SOURCE_REDIRECT the server redirects more than 3 times');
    expect(origin.requests).toHaveLength(4);
    expect(await only(origin, { maxRedirects: 0 })).toContain('ERR_SOURCE_REDIRECT');
  });

  test('one to a file is not followed', async () => {
    const origin = await redirecting(() => 'file:///etc/passwd');
    expect(await only(origin)).toContain('ERR_SOURCE_REDIRECT the server redirects to where it cannot be followed');
  });
});

describe('letting go', () => {
  test('unsubscribing aborts the request under way and closes the connection', async () => {
    const origin = await openOrigin(() => undefined);
    const reading = follow(origin);
    await asked(origin, 1);
    expect(await origin.connections()).toBe(1);
    reading.stop();
    await expect.poll(origin.connections).toBe(0);
  });

  test('so does the signal, and completes the source', async () => {
    const controller = new AbortController();
    const origin = await openOrigin(() => undefined);
    const reading = follow(origin, { signal: controller.signal });
    await asked(origin, 1);
    controller.abort();
    expect(reading.isComplete()).toBe(true);
    await expect.poll(origin.connections).toBe(0);
    expect(read(httpSource(origin.url, { signal: controller.signal })).isComplete()).toBe(true);
  });

  test('a hundred subscriptions leave no connection behind', async () => {
    const origin = await openOrigin(serveJson(() => config(1)));
    for (let n = 0; n < 100; n += 1) {
      const reading = follow(origin);
      if (n % 2 === 0) await reading.next(0);
      reading.stop();
    }
    await expect.poll(origin.connections).toBe(0);
  });
});

describe('secrets', () => {
  const CANARY = 'canary-7f3a9c51d2e84b60';

  test('what it is asked with is shown nowhere, even when the server sends it back', async () => {
    const origin = await openOrigin((request, response) => {
      const echo = request.headers.authorization ?? '';
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ servers: { web: { listen: echo, [echo.slice(7)]: 1, strategy: echo, routes: [] } } }),
      );
    });
    const reading = follow(
      origin,
      { watch: false, headers: { authorization: `Bearer ${CANARY}` } },
      `/a.json?key=${CANARY}`,
    );
    const [event] = await reading.next(0);
    expect(event?.type).toBe('failed');
    expect(JSON.stringify(event)).not.toContain('canary');
  });

  test('the environment is not read for a server, unless it was handed over', async () => {
    process.env.SLUICE_SPEC_SECRET = CANARY;
    try {
      const text = config(1).replace('"x"', '"$'.concat('{SLUICE_SPEC_SECRET}"'));
      const origin = await openOrigin(serveJson(() => text));
      const [plain] = await follow(origin, { watch: false }).next(0);
      expect(JSON.stringify(plain)).toContain('{SLUICE_SPEC_SECRET}');
      const [filled] = await follow(origin, { watch: false, env: { SLUICE_SPEC_SECRET: 'handed over' } }).next(0);
      expect(JSON.stringify(filled)).toContain('handed over');
    } finally {
      delete process.env.SLUICE_SPEC_SECRET;
    }
  });
});

test('a cluster keeps serving the last good configuration while its source fails', async () => {
  const text = config(1).replace('127.0.0.1:1', '127.0.0.1:0');
  const origin = await openOrigin(serveJson(() => text));
  const reading = follow(origin);
  const [event] = await reading.next(0);
  const cluster = createCluster();
  await cluster.start();
  await cluster.apply(event?.type === 'loaded' ? event.servers : {});
  await origin.close();
  await reading.next(1);
  expect(summary(reading.events[1])).toContain('ERR_SOURCE_UNREACHABLE');
  expect(await (await fetch(`${cluster.snapshot.servers.web?.url}`)).text()).toBe('x');
  await cluster.stop();
});
