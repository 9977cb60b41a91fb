import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { get, post } from '../../listener/wire.ts';
import { clock, drainOf, eventually, serve } from '../serving.ts';

/** Answers with its path, at once, or after as many milliseconds as the path says. */
const echo = (request: Request): Response | Promise<Response> => {
  const { pathname } = new URL(request.url);
  const ms = /\/late-(\d+)/.exec(pathname)?.[1];
  return ms === undefined ? new Response(pathname) : clock(Number(ms)).then(() => new Response(pathname));
};

const never = (): Promise<Response> => new Promise(() => {});

const bodies = (answers: readonly { readonly status: number; readonly body: string }[]): readonly string[] =>
  answers.map(({ status, body }) => (status === 200 ? body : String(status)));

test('pipelined requests are answered in the order they were asked, whatever each of them takes', async () => {
  const { dial, server } = await serve({ app: echo });
  const path = fc.oneof(
    fc.nat(9).map((n) => `/now-${n}`),
    fc.nat(9).map((n) => `/late-${n}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(path, { minLength: 1, maxLength: 12 }), async (paths) => {
      const wire = dial();
      wire.write(paths.map((each) => get(each)).join(''));
      expect(bodies(await wire.responses(paths.length))).toEqual(paths);
      wire.socket.destroy();
    }),
    { numRuns: 60 },
  );
  await eventually(() => server.connections === 0);
  expect(server.inFlight).toBe(0);
});

describe('a refused request among pipelined ones', () => {
  const twoHosts = get('/refused', 'Host: other');
  const cases: Readonly<Record<string, readonly [bytes: string, expected: readonly string[]]>> = {
    'is answered first when it was asked first': [twoHosts + get('/b'), ['400']],
    'comes after one that was answered at once': [get('/a') + twoHosts, ['/a', '400']],
    'comes after several that were answered at once': [
      get('/a') + get('/b') + get('/c') + twoHosts,
      ['/a', '/b', '/c', '400'],
    ],
    'comes after one that takes its time': [get('/late-40') + twoHosts, ['/late-40', '400']],
    'comes after a mixture': [
      get('/late-40') + get('/b') + get('/late-1') + get('/d') + twoHosts,
      ['/late-40', '/b', '/late-1', '/d', '400'],
    ],
    'is the last that is looked at': [get('/a') + twoHosts + get('/b') + get('/c'), ['/a', '400']],
    'ends the connection even when another refused one follows': [
      get('/late-20') + twoHosts + twoHosts,
      ['/late-20', '400'],
    ],
    'may be one with a body that is too large': [get('/late-20') + post('/x', 'y'.repeat(20)), ['/late-20', '413']],
    'may be one that Node cannot read': [`${get('/late-20')}${get('/b')}GARBAGE\r\n\r\n`, ['/late-20', '/b', '400']],
    'may be one without a host': [`${get('/late-20')}GET / HTTP/1.1\r\n\r\n`, ['/late-20', '400']],
    'may be a CONNECT': [`${get('/late-20')}CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`, ['/late-20', '501']],
  };
  test.each(Object.entries(cases))('%s', async (_, [bytes, expected]) => {
    const asked: string[] = [];
    const app = (request: Request): Response | Promise<Response> => {
      asked.push(new URL(request.url).pathname);
      return echo(request);
    };
    const { dial, server } = await serve({ app, limits: { maxBodyBytes: 10 } });
    const wire = dial();
    wire.write(bytes);
    expect(await wire.closed).toBe('ended');
    expect(bodies(await wire.responses(expected.length))).toEqual(expected);
    expect(wire.text().match(/HTTP\/1\.1 \d/g)).toHaveLength(expected.length);
    expect(asked).toEqual(expected.filter((each) => each.startsWith('/')));
    await eventually(() => server.connections === 0);
    expect(server.inFlight).toBe(0);
  });
});

test('a late handler behind a later one holds the deadline of both, and one answer ends the connection', async () => {
  const { dial, server, log } = await serve({ app: never, limits: { handlerTimeoutMs: 100 } });
  const wire = dial();
  wire.write(get('/a') + get('/b') + get('/c'));
  expect(await wire.closed).toBe('ended');
  expect(bodies(await wire.responses())).toEqual(['503']);
  // One for each whose deadline had come: they were asked in one turn, which may span two milliseconds.
  expect([1, 2, 3]).toContain(log.loud().length);
  await eventually(() => server.connections === 0);
  expect(server.inFlight).toBe(0);
});

test('a late handler leaves the answer before it whole', async () => {
  const app = (request: Request): Response | Promise<Response> =>
    request.url.endsWith('/never') ? never() : clock(150).then(() => new Response('late but first'));
  const { dial, server, assign } = await serve({ app, limits: { handlerTimeoutMs: 5_000 } });
  const wire = dial();
  wire.write(get('/slow'));
  await eventually(() => server.inFlight === 1);
  assign({ app, limits: { handlerTimeoutMs: 30 } });
  wire.write(get('/never'));
  expect(bodies(await wire.responses(2))).toEqual(['late but first', '503']);
});

test('the handlers of pipelined requests whose client left are told, and nothing of them remains', async () => {
  let aborted = 0;
  const app = ({ signal }: Request): Promise<Response> => {
    signal.addEventListener('abort', () => {
      aborted += 1;
    });
    return never();
  };
  const { dial, server } = await serve({ app });
  const wire = dial();
  wire.write(get('/').repeat(5));
  await eventually(() => server.inFlight === 5);
  wire.socket.resetAndDestroy();
  await eventually(() => server.connections === 0);
  expect(server.inFlight).toBe(0);
  expect(aborted).toBe(5);
});

test('ten thousand pipelined requests on one connection are all answered, in order and within bounds', async () => {
  let most = 0;
  const count = 10_000;
  const { dial, server } = await serve({
    app: (request) => {
      most = Math.max(most, server.inFlight);
      return Promise.resolve(new Response(new URL(request.url).pathname));
    },
  });
  const wire = dial();
  const before = process.memoryUsage().rss;
  wire.write(Array.from({ length: count }, (_, n) => get(`/${n}`)).join(''));
  await wire.until((text) => text.endsWith(`/${count - 1}`));
  expect(bodies(await wire.responses(count))).toEqual(Array.from({ length: count }, (_, n) => `/${n}`));
  // Node stops reading once a socket's worth of requests waits: 64 KiB are some 1,600 of these.
  expect(most).toBeLessThan(2_500);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  expect(server.inFlight).toBe(0);
});

test('during a drain the last of several outstanding answers says that it is the last', async () => {
  const { dial, server } = await serve({ app: echo });
  const wire = dial();
  wire.write(get('/late-80') + get('/late-40') + get('/late-60'));
  await eventually(() => server.inFlight === 3);
  const drain = drainOf(server, 5_000);
  const answers = await wire.responses(3);
  expect(bodies(answers)).toEqual(['/late-80', '/late-40', '/late-60']);
  expect(answers.map(({ head }) => /\r\nconnection: close\r\n/i.test(head))).toEqual([false, false, true]);
  expect(await drain.over).toMatchObject({ cut: 0 });
});
