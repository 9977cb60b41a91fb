import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FetchFunction } from '../../lib/config/server-config.ts';
import { clock, eventually } from './serving.ts';
import { type Given, type Question, type Result, transports } from './transports.ts';

/** Node's own, whatever the servers of these tests make of the global one. */
const NodeResponse = globalThis.Response;

const printed: unknown[] = [];
const noticed = (error: unknown): void => {
  printed.push(error);
};
const { error: consoleError, info: consoleInfo } = console;
beforeEach(() => {
  printed.length = 0;
  console.error = noticed;
  console.info = noticed;
  process.on('unhandledRejection', noticed);
});
afterEach(() => {
  console.error = consoleError;
  console.info = consoleInfo;
  process.off('unhandledRejection', noticed);
});

const streamOf = (...chunks: readonly unknown[]): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A body that begins, and fails when some of it is on its way. */
const failing = (text: string): ReadableStream =>
  new ReadableStream({
    start: async (controller) => {
      controller.enqueue(bytes(text));
      await clock(30);
      controller.error(new Error('the secret'));
    },
  });

interface Case {
  readonly name: string;
  readonly answer: (make: Make) => unknown;
  readonly asked?: Question;
  readonly result: 'cut' | (Partial<Given> & { readonly without?: string });
  /** Lines in the log that an operator is meant to see. */
  readonly lines?: number;
}

type Make = (...given: ConstructorParameters<typeof Response>) => Response;

const failed = { status: 500, body: 'Internal Server Error' };
const head: Question = { method: 'HEAD' };

const cases: readonly Case[] = [
  { name: 'a text', answer: (make) => make('ok'), result: { status: 200, body: 'ok' } },
  { name: 'a stream', answer: (make) => make(streamOf(bytes('o'), bytes('k'))), result: { status: 200, body: 'ok' } },
  { name: 'a stream of texts', answer: (make) => make(streamOf('é', 'à')), result: { status: 200, body: 'éà' } },
  { name: 'no body', answer: (make) => make(null), result: { status: 200, body: '' } },
  { name: 'a promise', answer: async (make) => make('late'), result: { status: 200, body: 'late' } },
  {
    name: 'what only looks like a promise',
    answer: (make) => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what this is about.
      then: (resolve: (response: Response) => void) => {
        resolve(make('first'));
        resolve(make('second'));
      },
    }),
    result: { status: 200, body: 'first' },
  },
  {
    name: 'several cookies',
    answer: (make) => {
      const headers = new Headers();
      for (const cookie of ['a=1', 'b=2']) headers.append('set-cookie', cookie);
      return make('x', { headers });
    },
    result: { status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] } },
  },
  { name: 'nothing', answer: () => undefined, result: failed, lines: 1 },
  { name: 'a text that is no response', answer: () => 'text', result: failed, lines: 1 },
  {
    name: 'an error that is thrown',
    answer: () => {
      throw new Error('the secret');
    },
    result: failed,
    lines: 1,
  },
  { name: 'a rejection of nothing', answer: () => Promise.reject(undefined), result: failed, lines: 1 },
  { name: 'nothing for ever', answer: () => new Promise(() => {}), result: { status: 503 }, lines: 1 },
  {
    name: 'a body that was read',
    answer: async (make) => {
      const response = make('x');
      await response.text();
      return response;
    },
    result: failed,
    lines: 1,
  },
  { name: 'a body that fails', answer: (make) => make(failing('begun')), result: 'cut', lines: 1 },
  { name: 'a stream of objects', answer: (make) => make(streamOf({ a: 1 })), result: failed, lines: 1 },
  {
    name: 'more than its length',
    answer: (make) => make('abcdef', { headers: { 'content-length': '3' } }),
    result: 'cut',
    lines: 1,
  },
  {
    name: 'less than its length',
    answer: (make) => make('abc', { headers: { 'content-length': '6' } }),
    result: 'cut',
    lines: 1,
  },
  {
    name: 'a stream of more than its length',
    answer: (make) => make(streamOf(bytes('abc'), bytes('def')), { headers: { 'content-length': '3' } }),
    result: 'cut',
    lines: 1,
  },
  {
    name: 'a stream of less than its length',
    answer: (make) => make(streamOf(bytes('abc')), { headers: { 'content-length': '6' } }),
    result: 'cut',
    lines: 1,
  },
  {
    name: 'a long text of less than its length',
    answer: (make) => make('x'.repeat(200_000), { headers: { 'content-length': '200001' } }),
    result: 'cut',
    lines: 1,
  },
  {
    name: 'the length that a GET would have',
    answer: (make) => make(null, { headers: { 'content-length': '3' } }),
    asked: head,
    result: { status: 200, headers: { 'content-length': '3' } },
  },
  {
    name: 'headers of a message that was framed in another way',
    answer: (make) => make('abc', { headers: { 'Transfer-Encoding': 'chunked', Trailer: 'x-late', 'x-kept': 'yes' } }),
    result: { status: 200, body: 'abc', headers: { 'x-kept': 'yes' } },
  },
  {
    name: 'a length beside a 204',
    answer: (make) => make(null, { status: 204, headers: { 'content-length': '5' } }),
    result: { status: 204, body: '', without: 'content-length' },
  },
  {
    name: 'a length beside a 304',
    answer: (make) => make(null, { status: 304, headers: { 'content-length': '5', etag: '"a"' } }),
    result: { status: 304, body: '', headers: { 'content-length': '5', etag: '"a"' } },
  },
  { name: 'no status at all', answer: () => NodeResponse.error(), result: failed, lines: 1 },
];

const adapted: Make = (...given) => new Response(...given);
const own: Make = (...given) => new NodeResponse(...given);

/** What only the adapter's light responses can be: `Response` itself refuses to be made so. */
const lightCases: readonly Case[] = [
  ...[101, 103, 0.5, 777].map((status) => ({
    name: `the status ${status}`,
    answer: (make: Make) => make('x', { status }),
    result: failed,
    lines: 1,
  })),
  ...[204, 205, 304].map((status) => ({
    name: `a body beside ${status}`,
    answer: (make: Make) => make('abc', { status }),
    result: { status, body: '' },
  })),
];

const check = (result: Result, expected: Case['result']): void => {
  if (expected === 'cut' || result === 'cut') {
    expect(result).toBe(expected);
    return;
  }
  const { without, ...like } = expected;
  expect(result).toMatchObject(like);
  if (without !== undefined) expect(result.headers[without]).toBeUndefined();
};

describe.each(Object.entries(transports))('over %s a handler that answers with', (_, serveOver) => {
  describe.each([
    { kind: "the adapter's responses", make: adapted, all: [...cases, ...lightCases] },
    { kind: "Node's own responses", make: own, all: cases },
  ])('$kind', ({ make, all }) => {
    test.each(all)('$name', async ({ answer, asked, result, lines = 0 }) => {
      const app: FetchFunction = (request) =>
        new URL(request.url).pathname === '/next' ? make('next') : (answer(make) as Response);
      const { serving, ask } = await serveOver({ app, limits: { handlerTimeoutMs: 100 } });
      check(await ask(asked), result);
      expect(await ask({ path: '/next' })).toMatchObject({ status: 200, body: 'next' });
      await eventually(() => serving.server.inFlight === 0);
      expect(serving.log.loud()).toHaveLength(lines);
      expect(printed).toEqual([]);
    });
  });
});
