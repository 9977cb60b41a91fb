import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { detailsSchema, fromDetailsData, toDetailsData } from '../../lib/worker-cluster/log-details.ts';

/** What the other process has of it. */
const sent = (details: unknown): unknown =>
  fromDetailsData(v.parse(detailsSchema, JSON.parse(JSON.stringify(toDetailsData(details)))));

test('a record arrives as it was, with the error in it as an error', () => {
  const error = new TypeError('why', { cause: new Error('because') });
  const arrived = sent({ method: 'GET', path: '/', headersWritten: false, tries: [1, null], error });
  expect(arrived).toEqual({ method: 'GET', path: '/', headersWritten: false, tries: [1, null], error });
  expect(arrived).toMatchObject({ error: { name: 'TypeError', stack: error.stack, cause: { message: 'because' } } });
});

test('whatever there is of plain data arrives as it was', () => {
  const plain = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const key = fc.stringMatching(/^[a-z]{1,9}$/);
  const record = fc.dictionary(key, fc.oneof(plain, fc.array(plain, { maxLength: 3 })), { maxKeys: 9 });
  fc.assert(fc.property(record, (details) => void expect(sent(details)).toEqual({ ...details })));
});

test('anything can be told, and is read again', () => {
  fc.assert(fc.property(fc.anything(), (details) => void expect(() => sent(details)).not.toThrow()));
});

test('what bites its own tail, is too much or cannot be read is cut', () => {
  const ring: Record<string, unknown> = { name: 'ring' };
  ring.self = [ring, ring, ring];
  const thrower = {
    get field(): string {
      throw new Error('no');
    },
  };
  const many = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'x'.repeat(10_000)));
  expect(JSON.stringify(toDetailsData(ring)).length).toBeLessThan(20_000);
  expect(JSON.stringify(toDetailsData(many)).length).toBeLessThan(128 * 5_000);
  expect(sent(thrower)).toBe('[object Object]');
  const long = new Error('x'.repeat(100_000));
  expect(JSON.stringify(toDetailsData(long)).length).toBeLessThan(10_000);
});
