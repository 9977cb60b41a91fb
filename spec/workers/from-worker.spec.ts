import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFromWorker } from '../../lib/workers/from-worker.ts';
import type { ErrorData, FromWorker } from '../../lib/workers/protocol.ts';

const beat = {
  sequence: 1,
  rssBytes: 1,
  heapUsedBytes: 1,
  utilization: 0.5,
  delayMs: { mean: 0, max: 1 },
  connections: 0,
  inFlight: 0,
  requests: 0,
  counters: { jobs: 1 },
  gauges: { depth: -1 },
};

const messages: readonly FromWorker[] = [
  { type: 'hello', protocol: 1, version: '1.2.3' },
  { type: 'ready' },
  { type: 'beat', beat },
  { type: 'draining' },
  { type: 'failing', error: { name: 'Error', message: 'm', code: 'ERR_X', cause: { name: 'Error', message: 'c' } } },
  { type: 'listen', id: 1, address: ':80' },
  { type: 'unlisten', id: 1 },
  { type: 'accepted', connection: 3 },
  { type: 'report', id: 0, beat, series: [{ any: 'thing' }] },
  { type: 'statistics', id: 1, timeoutMs: 100 },
  { type: 'catch-up' },
  { type: 'topic', topic: 't', body: { any: 'thing' } },
];

test.each(messages)('$type arrives as it was sent', (message) => {
  expect(readFromWorker(JSON.parse(JSON.stringify(message)))).toEqual(message);
});

test('a body that JSON left out was undefined', () => {
  expect(readFromWorker({ type: 'topic', topic: 't' })).toEqual({ type: 'topic', topic: 't', body: undefined });
});

test('whatever field of a message is missing or another thing, it is refused', () => {
  const broken = messages.flatMap((message) =>
    Object.keys(message)
      // Anything goes as the body of a topic.
      .filter((key) => key !== 'body')
      .map((key) => ({ message, key })),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...broken),
      fc.constantFrom(undefined, null, Number.NaN, -1, {}),
      ({ message, key }, other) => {
        expect(readFromWorker({ ...message, [key]: other })).toBeUndefined();
      },
    ),
  );
});

test('an error with more causes than anybody sends is read without the deepest, however many there are', () => {
  const nested = (depth: number): ErrorData => {
    let error: ErrorData = { name: 'Error', message: 'innermost' };
    for (let level = 0; level < depth; level += 1) error = { name: 'Error', message: `${level}`, cause: error };
    return error;
  };
  const depthOf = ({ cause }: ErrorData): number => (cause === undefined ? 0 : 1 + depthOf(cause));
  const readDepth = (error: ErrorData): number => {
    const read = readFromWorker({ type: 'failing', error });
    return read?.type === 'failing' ? depthOf(read.error) : -1;
  };

  expect([0, 1, 8, 9, 100_000].map((depth) => readDepth(nested(depth)))).toEqual([0, 1, 8, 8, 8]);
});

test('numbers that no sum can hold are refused', () => {
  for (const field of ['sequence', 'rssBytes', 'connections', 'inFlight', 'requests']) {
    expect(readFromWorker({ type: 'beat', beat: { ...beat, [field]: 1e300 } })).toBeUndefined();
  }
  expect(readFromWorker({ type: 'listen', id: 1e300, address: ':80' })).toBeUndefined();
});
