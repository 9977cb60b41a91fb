import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ID } from '../../lib/config/id.ts';
import { idFrom, ServerIds } from '../../lib/pool/server-id.ts';

describe('an id', () => {
  test.each([
    ['api', 'api'],
    ['public api', 'public-api'],
    ['127.0.0.1:8080', '127.0.0.1-8080'],
    [':8080', '8080'],
    ['[::1]:8080', '1-8080'],
    ['unix:/run/x.sock', 'unix-run-x.sock'],
    ['日本', 'server'],
    ['', 'server'],
    ['constructor', 'serverconstructor'],
  ])('is made of a name or an address (%o)', (text, id) => {
    expect(idFrom(text)).toBe(id);
  });

  test('is one that a cluster accepts, whatever it is made of, and nobody else has it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('a', 'a-2', '__proto__'))), (texts) => {
        const ids = new ServerIds();
        const given = texts.map((text) => ids.take(text));
        expect(new Set(given).size).toBe(given.length);
        for (const id of given) expect(id).toMatch(ID);
        expect(given).not.toContain('__proto__');
      }),
    );
  });

  test('is free again when it was given back', () => {
    const ids = new ServerIds();
    expect([ids.take('a'), ids.take('a')]).toEqual(['a', 'a-2']);
    ids.release('a');
    expect([ids.take('a'), ids.take('a')]).toEqual(['a', 'a-3']);
  });
});
