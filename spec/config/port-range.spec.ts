import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPorts, parsePorts } from '../../lib/config/port-range.ts';

const port = fc.integer({ min: 1, max: 65_535 });

test('a range is accepted exactly when it goes upwards and is not too long', () => {
  fc.assert(
    fc.property(port, fc.oneof(port, fc.integer({ min: -3, max: 10_010 })), (first, other) => {
      const last = other > 10_010 ? other : Math.min(65_535, Math.max(1, first + other));
      const result = parsePorts(`${first}-${last}`);
      if (first < last && last - first < 10_000) expect(result).toEqual({ port: 0, range: { first, last } });
      else expect(result).toHaveProperty('message');
    }),
  );
});

test('what was read is written as it stood', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(70_000).map(String),
        fc.tuple(port, port).map(([a, b]) => `${a}-${b}`),
      ),
      (text) => {
        const result = parsePorts(text);
        if (!('message' in result)) expect(formatPorts(result)).toBe(text);
      },
    ),
  );
});

test.each([
  ['8010-8000', 'a range of ports goes upwards'],
  ['8000-8000', 'a range of ports has more than one'],
  ['0-10', 'a range of ports begins at 1'],
  ['1-10001', 'a range has at most 10000 ports, this one has 10001'],
  ['1-70000', 'a range of ports is two numbers from 1 to 65535 without leading zeros'],
  ['70000', 'a port is a number from 0 to 65535 without leading zeros'],
])('%s is refused: %s', (text, message) => {
  expect(parsePorts(text)).toMatchObject({ message });
});
