import fc from 'fast-check';
import { Hono } from 'hono';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { readBareServer } from '../../lib/config/bare-server.ts';
import { copyPlainData } from '../../lib/config/plain-data.ts';
import { type ServerOutput, serverSchema } from '../../lib/config/schema.ts';
import { specOf } from '../../lib/config/spec-of.ts';

/** What the schema makes of a config; `undefined` when it is wrong. */
const readBySchema = (config: object): ServerOutput | undefined => {
  const copy = copyPlainData(config, new Set(['app', 'upgrade']));
  if (!copy.ok) return undefined;
  const parsed = v.safeParse(serverSchema, copy.value);
  return parsed.success ? parsed.output : undefined;
};

class NoFunction {}

const listen = fc.oneof(
  fc.constantFrom(
    '127.0.0.1:80',
    ':0',
    '[::1]:8000-8010',
    'LOCALHOST:80',
    'unix:/run/x.sock',
    'nonsense',
    '',
    '80',
    80,
  ),
  fc.constantFrom(undefined, null, {}, ['127.0.0.1:80'], ':65536', 'unix:/run//x'),
);
const app = fc.constantFrom<unknown>(
  ...[new Hono(), () => new Response(), { fetch: () => new Response() }, NoFunction, {}, 'app', undefined, null, 0, []],
);
const name = fc.oneof(fc.string({ maxLength: 70, unit: 'binary' }), fc.constantFrom<unknown>('api', ' ', undefined, 7));
const config = fc.record(
  {
    listen,
    app,
    name,
    ...{ expose: fc.constantFrom('http://a.example', undefined), routes: fc.constantFrom([], undefined) },
  },
  { requiredKeys: [], noNullPrototype: false },
);

const KEYS: ReadonlySet<string> = new Set(['listen', 'app', 'name']);

describe('a bare server', () => {
  test('is read as the schema reads it, or not at all', () => {
    fc.assert(
      fc.property(config, (given) => {
        const bare = readBareServer(given);
        const schema = readBySchema(given);
        const isBare = Object.keys(given).every((key) => KEYS.has(key));
        expect(bare !== undefined).toBe(isBare && schema !== undefined);
        if (bare !== undefined && schema !== undefined) expect(specOf('api', bare)).toEqual(specOf('api', schema));
      }),
      { numRuns: 5_000 },
    );
  });

  test('has no member that only its prototype has', () => {
    const given = Object.create({ app: () => new Response() });
    given.listen = ':80';
    expect(readBareServer(given)).toBeUndefined();
  });

  test('is not begun to be read when it has another member', () => {
    let reads = 0;
    const given = {
      get listen() {
        reads += 1;
        return ':80';
      },
      app: () => new Response(),
      drainTimeoutMs: 1,
    };
    expect(readBareServer(given)).toBeUndefined();
    expect(reads).toBe(0);
  });
});
