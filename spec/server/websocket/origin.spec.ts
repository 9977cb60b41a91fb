import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../../lib/config/errors.ts';
import { originTest } from '../../../lib/server/websocket/origin.ts';

describe('by default', () => {
  const isWelcome = originTest('same');
  test.each([
    ['http://shop.test:8080', 'shop.test:8080'],
    ['https://shop.test', 'shop.test'],
    ['https://shop.test', 'shop.test:443'],
    ['http://shop.test', 'shop.test:80'],
    ['http://SHOP.test', 'shop.TEST'],
    ['http://[::1]:8080', '[::1]:8080'],
  ])('a page of %s may connect to %s', (origin, host) => {
    expect(isWelcome({ origin, host })).toBe(true);
  });

  test.each([
    ['http://evil.test', 'shop.test'],
    ['http://shop.test.evil.test', 'shop.test'],
    ['http://shop.test@evil.test', 'shop.test'],
    ['http://shop.test:8081', 'shop.test:8080'],
    ['https://shop.test', 'shop.test:80'],
    ['null', 'null'],
    ['', ''],
    ['http://shop.test', undefined],
    ['file://', ''],
  ])('a page of %s may not connect to %s', (origin, host) => {
    expect(isWelcome({ origin, host })).toBe(false);
  });

  test('who is no browser may', () => {
    expect(isWelcome({ host: 'shop.test' })).toBe(true);
  });

  test('no origin of another host is ever let in', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.domain(), (url, host) => {
        const { origin, host: own } = new URL(url);
        expect(isWelcome({ origin, host })).toBe(own === host);
      }),
    );
  });
});

test('a list lets in what is on it, and nothing else', () => {
  const isWelcome = originTest(['https://Example.com/', 'http://localhost:3000']);
  expect(['https://example.com', 'http://localhost:3000'].map((origin) => isWelcome({ origin }))).toEqual([true, true]);
  const others = ['http://example.com', 'https://example.com:444', 'https://sub.example.com', 'null', ''];
  expect(others.map((origin) => isWelcome({ origin, host: 'example.com' }))).toEqual(others.map(() => false));
});

test("'any' lets everybody in", () => {
  expect(originTest('any')({ origin: 'http://evil.test', host: 'shop.test' })).toBe(true);
});

test.each(['example.com', '*', 'null', ''])('a list with %j on it is refused', (origin) => {
  expect(() => originTest([origin])).toThrow(OptionsError);
});
