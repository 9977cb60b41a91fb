import fc from 'fast-check';
import type { ServerConfig } from '../../lib/config/server-config.ts';

/** The smallest config that is valid, on any free port. */
export const server = (more: Partial<ServerConfig> = {}): ServerConfig => ({
  listen: '127.0.0.1:0',
  ...('app' in more || 'routes' in more ? {} : { routes: [{ path: '/', respond: { body: 'hello' } }] }),
  ...more,
});

const milliseconds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

const headers = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,6}$/), fc.stringMatching(/^[\t\x20-\x7e]{0,12}$/), {
  maxKeys: 3,
  noNullPrototype: true,
});

const respond = fc.oneof(
  fc.record({ status: fc.integer({ min: 206, max: 303 }), headers, body: fc.string() }, { requiredKeys: [] }),
  fc.record({ status: fc.integer({ min: 400, max: 599 }), headers, json }, { requiredKeys: ['json'] }),
);

const route = fc.record(
  {
    path: fc.stringMatching(/^\/[a-z]{0,8}(?:\/:[a-z]{1,4}){0,2}$/),
    methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), { minLength: 1 }),
    respond,
  },
  { requiredKeys: ['path', 'respond'] },
);

/** Valid configs of data only, on any free port. */
export const dataConfig: fc.Arbitrary<ServerConfig> = fc
  .record(
    {
      listen: fc.constantFrom('127.0.0.1:0', ':0', '[::1]:0', 'localhost:0'),
      routes: fc.uniqueArray(route, { selector: (one) => one.path, maxLength: 4 }),
      name: fc.stringMatching(/^[\w ]{0,20}\w$/),
      expose: fc.webUrl({ validSchemes: ['http', 'https'], size: 'small' }),
      disabled: fc.boolean(),
      strategy: fc.constantFrom('hot-swap' as const, 'stop-then-start' as const),
      restart: fc.record(
        {
          intensity: fc.nat(),
          periodMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          initialMs: fc.integer({ min: 0, max: 1_000 }),
          maxMs: fc.integer({ min: 1_000, max: 60_000 }),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      headersTimeoutMs: fc.integer({ min: 0, max: 15_000 }),
      handlerTimeoutMs: milliseconds,
      keepAliveTimeoutMs: milliseconds,
      writeTimeoutMs: milliseconds,
      drainTimeoutMs: milliseconds,
      maxConnections: fc.nat(),
      maxHeaderBytes: fc.integer({ min: 1_024, max: 1_048_576 }),
      maxBodyBytes: fc.maxSafeNat(),
    },
    { requiredKeys: ['listen', 'routes'], noNullPrototype: true },
  )
  .map((config) => structuredClone(config));
