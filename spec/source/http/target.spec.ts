import { describe, expect, test } from 'vitest';
import { redact } from '../../../lib/config/secrets.ts';
import { shownUrl, targetOf } from '../../../lib/source/http/target.ts';

describe('taking a URL apart', () => {
  test('user and password become a header, and are shown nowhere', () => {
    const target = targetOf('https://me:p%40ss@example.com/a.json?key=0123456789#x', {});
    expect(target?.url.href).toBe('https://example.com/a.json?key=0123456789');
    expect(target?.headers).toEqual({ authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` });
    expect(target?.shown).toBe('https://example.com/a.json?…');
  });

  test('a header that was given wins, whatever its letters', () => {
    expect(targetOf('http://me@localhost/', { Authorization: 'Bearer x' })?.headers).toEqual({
      authorization: 'Bearer x',
    });
  });

  test.each(['', 'a.json', 'file:///etc/passwd', 'ftp://localhost/a', 'http://', 'data:application/json,{}'])(
    '%j is none that can be asked',
    (url) => {
      expect(targetOf(url, {})).toBeUndefined();
    },
  );
});

test('what must not be seen is found in a message', () => {
  const target = targetOf('http://me:hunter2@localhost/?key=0123456789', {
    'x-token': 'Bearer canary-1',
    accept: 'text/plain',
  });
  const text = redact('canary-1 hunter2 0123456789 text/plain', target?.secrets ?? []);
  expect(text).toBe(`\${headers.x-token} \${password} \${query.key} text/plain`);
});

test('a URL that cannot be asked is called without its secrets too', () => {
  expect(shownUrl('ftp://me:hunter2@localhost/a?key=1')).toBe('ftp://localhost/a?…');
  expect(shownUrl('http://me:hunter2@local host/')).toBe('http://local host/');
});
