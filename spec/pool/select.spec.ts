import { expect, test, vi } from 'vitest';
import type { PoolField, PoolMatch } from '../../lib/pool/select.ts';
import { fieldOf, selectBy } from '../../lib/pool/select.ts';
import { fakeServer, fixture } from './fake-source.ts';

const names = (field: PoolField, match: PoolMatch): readonly string[] =>
  fixture()
    .filter(selectBy(field, match))
    .map(({ name }) => name);

test('an exact text is the whole text, whatever its case', () => {
  // Case 31.
  expect(names('name', { exact: 'API-SERVER' })).toEqual(['api-server']);
  expect(names('name', { exact: 'api' })).toEqual([]);
  // Case 23.
  expect(names('name', { exact: 'non-existent' })).toEqual([]);
  expect(names('bind', { exact: '127.0.0.1:8080' })).toEqual(['api-server']);
});

test('an address is found in any spelling', () => {
  const server = fakeServer('six', '[::1]:80');
  expect(selectBy('bind', { exact: '[0:0::1]:80' })(server)).toBe(true);
  expect(selectBy('bind', { exact: '[0:0::2]:80' })(server)).toBe(false);
  expect(selectBy('bind', { exact: 'LOCALHOST:80' })(fakeServer('local', 'localhost:80'))).toBe(true);
});

test('where clients go is found by host and port, and by the whole URL', () => {
  // Case 25.
  expect(names('expose', { exact: 'localhost:8080' })).toEqual(['api-server']);
  expect(names('expose', { pattern: /.*example\.com.*/ })).toEqual(['admin-server', 'api-v2-server']);
  expect(names('expose', { pattern: '.*example\\.com.*' })).toEqual(['admin-server', 'api-v2-server']);
  expect(names('expose', { pattern: /localhost.*/ })).toEqual(['api-server', 'web-server']);
  expect(names('expose', { exact: 'http://LOCALHOST:8080' })).toEqual(['api-server']);
  expect(names('expose', { glob: '*.example.com:*' })).toEqual(['admin-server', 'api-v2-server']);
  expect(names('expose', { glob: 'http://api.*' })).toEqual(['api-v2-server']);
});

test('a pattern is found anywhere, in the same case', () => {
  // Case 22.
  expect(names('name', { pattern: /^api-.*/ })).toEqual(['api-server', 'api-v2-server']);
  expect(names('name', { pattern: '^api-.*' })).toEqual(['api-server', 'api-v2-server']);
  expect(names('name', { pattern: 'v2' })).toEqual(['api-v2-server']);
  expect(names('name', { pattern: 'V2' })).toEqual([]);
  expect(names('bind', { pattern: '^127\\.0\\.0\\.1:' })).toHaveLength(3);
});

test('a glob is the whole text, whatever its case', () => {
  expect(names('name', { glob: 'api-*' })).toEqual(['api-server', 'api-v2-server']);
  expect(names('name', { glob: '???-SERVER' })).toEqual(['api-server', 'web-server']);
  expect(names('name', { glob: 'api' })).toEqual([]);
});

test('all that is given must hold, and nothing matches when nothing is given', () => {
  expect(names('name', { pattern: 'api', glob: '*-v2-*' })).toEqual(['api-v2-server']);
  expect(names('name', { pattern: 'api', exact: 'web-server' })).toEqual([]);
  expect(names('name', { glob: '*', where: ({ bind }) => bind.endsWith(':8080') })).toEqual([
    'api-server',
    'admin-server',
  ]);
  expect(names('name', { where: () => true })).toHaveLength(4);
  expect(names('name', {})).toEqual([]);
  expect(names('name', { exact: '', pattern: '', glob: '' })).toEqual([]);
  expect(names('name', { exact: '', pattern: '.*' })).toHaveLength(4);
});

test('own code is asked last, and about those that are left', () => {
  const where = vi.fn(() => true);
  expect(names('name', { exact: 'web-server', where })).toEqual(['web-server']);
  expect(where).toHaveBeenCalledTimes(1);
});

test('a pattern that does not compile throws, or selects nothing when that is asked for', () => {
  // Case 28.
  const pattern = '[invalid(regex';
  expect(() => selectBy('name', { pattern })).toThrow(expect.objectContaining({ code: 'ERR_POOL_PATTERN' }));
  expect(names('name', { pattern, lenient: true })).toEqual([]);
  expect(names('name', { pattern, lenient: true, where: () => true })).toEqual([]);
  expect(names('name', { pattern: 'api', lenient: true })).toHaveLength(2);
});

test('what no compiler has looked at is refused by name', () => {
  const refused = expect.objectContaining({ code: 'ERR_POOL_PATTERN' });
  const given = <T>(text: string): T => JSON.parse(text);
  expect(() => selectBy('name', given<PoolMatch>('{ "exact": 1 }'))).toThrow(refused);
  expect(() => selectBy('name', given<PoolMatch>('{ "glob": ["*"] }'))).toThrow("'glob' is no text");
  expect(() => selectBy('name', given<PoolMatch>('{ "pattern": {} }'))).toThrow("'pattern' is no text");
  expect(() => selectBy(given<PoolField>('"config"'), { exact: 'x' })).toThrow(refused);
  expect(() => fieldOf(fakeServer('a', ':80'), given<PoolField>('"toString"'))).toThrow(refused);
});

test('patterns compile once, however many servers there are', () => {
  let compiled = 0;
  const pattern = new Proxy(/api/, {
    get: (target, key) => {
      if (key === 'source') compiled += 1;
      return Reflect.get(target, key, target);
    },
  });
  const selects = selectBy('name', { pattern });
  const before = compiled;
  for (let n = 0; n < 100; n += 1) selects(fakeServer('api', ':80'));
  expect(compiled).toBe(before);
});

test('what is no way to look for servers is refused, from whatever language it comes', () => {
  for (const given of ['undefined', 'null', '7', '"api"', '{"where":"name"}']) {
    const match: PoolMatch = given === 'undefined' ? undefined : JSON.parse(given);
    expect(() => selectBy('name', match), given).toThrow(expect.objectContaining({ code: 'ERR_POOL_PATTERN' }));
  }
});

test('what JavaScript may give instead of a match is refused, and told how to be written', () => {
  const refusal = (given: unknown): unknown => {
    try {
      return selectBy('name', given as PoolMatch);
    } catch (error) {
      return error;
    }
  };
  const hints: readonly (readonly [unknown, string])[] = [
    ['api', "write { exact: '…' }, { glob: '…' } or { pattern: '…' }"],
    [/api/, 'write { pattern: /…/ }'],
    [() => true, 'write { where: … }'],
    [{ regex: 'a' }, "did you mean 'pattern'?"],
    [{ regexp: /a/ }, "did you mean 'pattern'?"],
    [{ exct: 'a' }, "did you mean 'exact'?"],
    [{ glob: 'a', colour: 1 }, 'expected one of exact, pattern, glob, where, lenient'],
    [undefined, 'give { exact }, { pattern }, { glob } or { where: (server) => … }'],
    [[{ exact: 'a' }], 'give { exact }, { pattern }, { glob } or { where: (server) => … }'],
  ];
  for (const [given, hint] of hints) {
    expect(refusal(given), String(given)).toMatchObject({ name: 'PoolError', code: 'ERR_POOL_PATTERN', hint });
  }
});

test('a URL is found with and without a slash at its end, on either side', () => {
  const at = (url: string) => Object.assign(fakeServer('a', ':8443', 'shop.example:8443'), { url });
  const [with_, without] = [at('https://shop.example:8443/'), at('https://shop.example:8443')];
  for (const exact of ['https://shop.example:8443/', 'https://shop.example:8443', 'HTTPS://SHOP.example:8443/']) {
    expect([with_, without].map(selectBy('expose', { exact })), exact).toEqual([true, true]);
  }
  expect(selectBy('expose', { exact: 'https://shop.example:8443/a/' })(with_)).toBe(false);
});
