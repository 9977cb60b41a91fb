import { expect, test } from 'vitest';
import { inspectStream } from '../../../lib/server/http2/inspect-stream.ts';

const limits = { maxHeaderBytes: 4_096, maxBodyBytes: 1_000 };

/** A head as Node hands it on: names and values in turn, and the first of each by name. */
const head = (...lines: readonly (readonly [string, string])[]) => ({
  rawHeaders: lines.flat(),
  headers: Object.fromEntries([...lines].reverse()),
});

const authority = [':authority', 'a.test'] as const;
const many = (count: number) => Array.from({ length: count }, (_, n) => [`x-${n}`, 'y'] as const);

test('an ordinary request is not refused, whichever way it names its host', () => {
  expect(inspectStream(head(authority, ['accept', '*/*']), limits)).toBeUndefined();
  expect(inspectStream(head(['host', 'a.test']), limits)).toBeUndefined();
  expect(inspectStream(head(authority, ['host', 'A.test']), limits)).toBeUndefined();
});

test('a request whose host can be read in two ways, or in none, is refused with 400', () => {
  expect(inspectStream(head(['accept', '*/*']), limits)).toBe(400);
  expect(inspectStream(head(authority, ['host', 'b.test']), limits)).toBe(400);
  expect(inspectStream(head(['host', 'a.test'], ['host', 'a.test']), limits)).toBe(400);
  expect(inspectStream(head([':authority', '']), limits)).toBe(400);
});

test('a hundred header lines are taken beside those that frame the request, and one more is refused with 431', () => {
  expect(inspectStream(head(authority, ...many(100)), limits)).toBeUndefined();
  expect(inspectStream(head(authority, ...many(101)), limits)).toBe(431);
});

test('headers are as long as they would be in HTTP/1', () => {
  const room = limits.maxHeaderBytes - ':authority'.length - 'a.test'.length - 4 - 'x'.length - 4;
  expect(inspectStream(head(authority, ['x', 'y'.repeat(room)]), limits)).toBeUndefined();
  expect(inspectStream(head(authority, ['x', 'y'.repeat(room + 1)]), limits)).toBe(431);
});

test('a body that is announced as too large is refused with 413, unless there is no limit', () => {
  expect(inspectStream(head(authority, ['content-length', '1000']), limits)).toBeUndefined();
  expect(inspectStream(head(authority, ['content-length', '1001']), limits)).toBe(413);
  expect(inspectStream(head(authority, ['content-length', '1001']), { ...limits, maxBodyBytes: 0 })).toBeUndefined();
});
