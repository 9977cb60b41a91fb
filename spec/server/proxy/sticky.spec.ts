import { describe, expect, test } from 'vitest';
import type { StickyKey } from '../../../lib/config/balance-config.ts';
import { type Keyed, readingKey } from '../../../lib/server/proxy/sticky.ts';

const said = (rawHeaders: readonly string[], path = '/'): Keyed => ({ path, rawHeaders });

const keyIn = (key: StickyKey, request: Keyed): string | undefined => readingKey(key)(request, () => '192.0.2.1');

describe('the key of a request', () => {
  test('is the value of a header, however its name is written; of several the first', () => {
    expect(keyIn({ header: 'x-user' }, said(['Host', 'test', 'X-User', 'ada', 'x-user', 'grace']))).toBe('ada');
    expect(keyIn({ header: 'x-user' }, said(['x-users', 'ada']))).toBeUndefined();
  });

  test('is the value of a cookie, among others and in any of several headers', () => {
    const request = said(['Cookie', 'a=1; sid2=no', 'cookie', 'xsid=no;sid=yes=; b=2']);
    expect(keyIn({ cookie: 'sid' }, request)).toBe('yes=');
    expect(keyIn({ cookie: 'SID' }, request)).toBeUndefined();
  });

  test('is a parameter of the query, decoded', () => {
    expect(keyIn({ query: 'user' }, said([], '/a?x=1&user=ada%20l&user=grace'))).toBe('ada l');
    expect(keyIn({ query: 'user' }, said([], '/user=ada'))).toBeUndefined();
  });

  test('is where it came from', () => {
    expect(keyIn('client-address', said([]))).toBe('192.0.2.1');
  });

  test('is none when it is empty', () => {
    expect(keyIn({ header: 'x-user' }, said(['x-user', '']))).toBeUndefined();
    expect(keyIn({ cookie: 'sid' }, said(['cookie', 'sid=']))).toBeUndefined();
    expect(keyIn({ query: 'user' }, said([], '/?user='))).toBeUndefined();
  });
});
