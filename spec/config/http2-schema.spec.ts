import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { http2Defaults } from '../../lib/config/http2-config.ts';
import type { ServerConfig } from '../../lib/config/server-config.ts';
import { server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

const tls = { cert: 'tls.crt', key: 'tls.key' };
const withHttp2 = (http2: unknown) => ({ ...server({ tls }), http2 });

describe('HTTP/2 settings', () => {
  test('are none without http2, and the defaults with true or an empty object', () => {
    expect(specOf(server({ tls })).http2).toBeUndefined();
    expect(specOf(withHttp2(false)).http2).toBeUndefined();
    expect(specOf(withHttp2(true)).http2).toBe(http2Defaults);
    expect(specOf(withHttp2({})).http2).toBe(http2Defaults);
  });

  test('are filled up, and equal to what was written out', () => {
    const spec = specOf(withHttp2({ maxFrameSize: 65_536 }));
    expect(spec.http2).toEqual({ ...http2Defaults, maxFrameSize: 65_536 });
    expect(specOf(withHttp2({ ...http2Defaults, maxFrameSize: 65_536 }), spec)).toBe(spec);
    expect(specOf(withHttp2(true), spec)).not.toBe(spec);
  });

  test('may be anything RFC 9113 lets them be, and nothing else', () => {
    const bounds = {
      maxConcurrentStreams: [1, 2 ** 32 - 1],
      maxFrameSize: [16_384, 2 ** 24 - 1],
      initialWindowSize: [1, 2 ** 31 - 1],
      connectionWindowSize: [65_535, 2 ** 31 - 1],
    } as const;
    for (const [key, [least, most]] of Object.entries(bounds)) {
      for (const value of [least, most])
        expect(specOf(withHttp2({ [key]: value })).http2).toMatchObject({ [key]: value });
      for (const value of [least - 1, most + 1, least + 0.5, `${least}`]) {
        expect(issuesOf(withHttp2({ [key]: value })).map(({ path }) => path)).toEqual([`http2.${key}`]);
      }
    }
  });

  test.each([[1], ['yes'], [null], [[]]])('are refused when they are %j', (http2) => {
    expect(issuesOf(withHttp2(http2))).toHaveLength(1);
  });

  test('need tls as well', () => {
    expect(issuesOf({ ...server(), http2: { maxFrameSize: 65_536 } })).toMatchObject([
      { path: 'http2', message: "needs 'tls'" },
    ]);
  });

  test('that are misspelled are named', () => {
    expect(issuesOf(withHttp2({ maxFrameSizes: 1 }))).toMatchObject([
      { path: 'http2.maxFrameSizes', hint: "did you mean 'maxFrameSize'?" },
    ]);
  });
});

describe('traffic settings', () => {
  test('have defaults that equal what was written out', () => {
    const before = specOf(server());
    const written: Partial<ServerConfig> = { keepAlive: true, logFilter: [], maxInFlight: 0 };
    expect(specOf(server(written), before)).toBe(before);
    expect(before).toMatchObject({ keepAlive: true, logFilter: [], limits: { maxInFlight: 0 } });
  });

  test('make another spec when they differ', () => {
    const before = specOf(server());
    const others: readonly Partial<ServerConfig>[] = [{ keepAlive: false }, { logFilter: ['x'] }, { maxInFlight: 1 }];
    for (const other of others) expect(specOf(server(other), before)).not.toBe(before);
  });

  test('mean the same in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1 }), (logFilter) => {
        const spec = specOf(server({ logFilter }));
        expect(specOf(server({ logFilter: [...logFilter, ...logFilter].toReversed() }), spec)).toBe(spec);
      }),
    );
  });

  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ keepAlive: 'no' }, 'keepAlive'],
    [{ logFilter: 'x' }, 'logFilter'],
    [{ logFilter: [''] }, 'logFilter.0'],
    [{ logFilter: [/x/] }, 'logFilter.0'],
    [{ maxInFlight: -1 }, 'maxInFlight'],
    [{ maxInFlight: 1.5 }, 'maxInFlight'],
    [{ tls: { ...tls, curves: [] } }, 'tls.curves'],
    [{ tls: { ...tls, curves: ['P256'] } }, 'tls.curves.0'],
    [{ tls: { ...tls, curves: ['P-256', 'P-256'] } }, 'tls.curves'],
    [{ tls: { ...tls, sessionTickets: 1 } }, 'tls.sessionTickets'],
  ])('are refused when they are %j', (wrong, path) => {
    expect(issuesOf({ ...server(), ...wrong }).map((issue) => issue.path)).toEqual([path]);
  });
});
