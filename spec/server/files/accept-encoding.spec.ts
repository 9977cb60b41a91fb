import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptedEncodings } from '../../../lib/server/files/accept-encoding.ts';

test.each([
  [undefined, []],
  ['', []],
  ['identity', []],
  ['deflate', []],
  ['gzip', ['gzip']],
  ['x-gzip', ['gzip']],
  ['GZip', ['gzip']],
  ['gzip, deflate, br, zstd', ['br', 'zstd', 'gzip']],
  ['gzip;q=1, br;q=0.5', ['gzip', 'br']],
  ['br;q=0, gzip', ['gzip']],
  ['*', ['br', 'zstd', 'gzip']],
  ['*;q=0', []],
  ['br, *;q=0', ['br']],
  ['*;q=0.5, gzip', ['gzip', 'br', 'zstd']],
  ['identity, gzip;q=0.5', []],
  ['identity;q=0.5, gzip', ['gzip']],
  ['identity;q=0, gzip;q=0.1', ['gzip']],
  ['gzip ; q=0.8 ,br ;q=0.9', ['br', 'gzip']],
  ['gzip;q=2', []],
  ['gzip;q=abc, br', ['br']],
  [',,br,,', ['br']],
])('%j comes to %j', (header, encodings) => {
  expect(acceptedEncodings(header)).toEqual(encodings);
});

test('what is refused is never sent, and what is preferred comes first', () => {
  const weight = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10);
  fc.assert(
    fc.property(fc.record({ br: weight, zstd: weight, gzip: weight, identity: weight }), (weights) => {
      const header = Object.entries(weights)
        .map(([name, q]) => `${name};q=${q}`)
        .join(', ');
      const found = acceptedEncodings(header);
      for (const encoding of found) {
        expect(weights[encoding]).toBeGreaterThan(0);
        expect(weights[encoding]).toBeGreaterThanOrEqual(weights.identity);
      }
      const sent = found.map((encoding) => weights[encoding]);
      expect(sent).toEqual(sent.toSorted((a, b) => b - a));
      const best = Math.max(weights.br, weights.zstd, weights.gzip);
      expect(sent[0] ?? 0).toBe(best > 0 && best >= weights.identity ? best : 0);
    }),
  );
});

test('any header is read, in time in proportion to its length', () => {
  fc.assert(fc.property(fc.string(), (header) => void acceptedEncodings(header)));
  const startedAt = performance.now();
  acceptedEncodings(`gzip${' '.repeat(16_000)};${' '.repeat(16_000)}q`);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
