import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passBack, sortHeaders } from '../../../lib/server/proxy/headers.ts';

describe('headers', () => {
  const names = fc.constantFrom(
    ...[
      'Connection',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
      'Content-Length',
      'Host',
      'Expect',
    ],
    ...[
      'X-Forwarded-For',
      'x_forwarded_for',
      'Forwarded',
      'X-Real-IP',
      'Content_Length',
      'Cookie',
      'Accept',
      'X-Any',
      'X_Any',
    ],
  );

  test('of untrusted requests never pass when they frame, or say where they came from', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.constantFrom('a', 'b'))), (lines) => {
        const { headers } = sortHeaders(lines.flat(), ['x-any'], false);
        const passed = headers.filter((_, at) => at % 2 === 0);
        expect(new Set(passed)).toEqual(new Set(passed.filter((name) => ['Cookie', 'Accept'].includes(name))));
        const kept = lines.filter(([name]) => name === 'Cookie' || name === 'Accept').flat();
        expect(headers).toEqual(kept);
      }),
    );
  });

  test('of answers pass except those of the connection, and a length beside 204', () => {
    expect(
      passBack(200, {
        connection: 'close, X-Hop',
        'x-hop': '1',
        'set-cookie': ['a', 'b'],
        'content-length': '3',
        trailer: 'x',
      }),
    ).toEqual({ 'set-cookie': ['a', 'b'], 'content-length': '3' });
    expect(passBack(204, { 'content-length': '0', etag: 'x' })).toEqual({ etag: 'x' });
  });
});
