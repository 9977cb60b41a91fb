import { describe, expect, test } from 'vitest';
import { wantsWebSocket, withoutWish } from '../../../lib/server/http/handover.ts';

const asked = (headers: Readonly<Record<string, string>>, method = 'GET') =>
  // What is read of a request is little enough to be written down here.
  ({ method, headers }) as Parameters<typeof wantsWebSocket>[0];

describe('a wish for another protocol', () => {
  test('is one for a WebSocket when nothing else is asked for', () => {
    expect(wantsWebSocket(asked({ upgrade: 'WebSocket' }))).toBe(true);
    expect(wantsWebSocket(asked({ upgrade: 'websocket', 'content-length': '0' }))).toBe(true);
    expect(wantsWebSocket(asked({ upgrade: 'h2c' }))).toBe(false);
    expect(wantsWebSocket(asked({ upgrade: 'websocket, h2c' }))).toBe(false);
    expect(wantsWebSocket(asked({ upgrade: 'websocket' }, 'POST'))).toBe(false);
    expect(wantsWebSocket(asked({ upgrade: 'websocket', 'content-length': '4' }))).toBe(false);
    expect(wantsWebSocket(asked({ upgrade: 'websocket', 'transfer-encoding': 'chunked' }))).toBe(false);
  });

  test('is taken out of a request, and the rest stays as it was', () => {
    const rawHeaders = ['Host', 'a', 'UPGRADE', 'h2c', 'X-B', 'caf\u00e9', 'Content-Length', '2'];
    const request = { method: 'POST', url: '/a?b', httpVersion: '1.1', rawHeaders };
    expect(withoutWish(request, Buffer.from('okGET')).toString('latin1')).toBe(
      'POST /a?b HTTP/1.1\r\nHost: a\r\nX-B: caf\u00e9\r\nContent-Length: 2\r\n\r\nokGET',
    );
  });
});
