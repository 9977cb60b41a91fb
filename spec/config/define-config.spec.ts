import { Hono } from 'hono';
import { of } from 'rxjs';
import { expect, expectTypeOf, test } from 'vitest';
import { type ConfigFile, type ConfigInput, defineConfig } from '../../lib/config/define-config.ts';

const file = { servers: { api: { listen: ':0', app: new Hono() } } } satisfies ConfigFile;

async function* stream(): AsyncGenerator<ConfigFile> {
  yield file;
}

test('a config comes back as it was given', () => {
  const inputs: readonly ConfigInput[] = [
    file,
    of(file),
    stream(),
    Promise.resolve(file),
    () => file,
    async () => of(file),
  ];
  for (const input of inputs) expect(defineConfig(input)).toBe(input);
});

test('the type of a config is the one it was given in', () => {
  expectTypeOf(defineConfig(file)).toEqualTypeOf<typeof file>();
  expectTypeOf(defineConfig({ servers: {}, commit: 'independent' }).commit).toEqualTypeOf<'independent'>();
  expectTypeOf(defineConfig(async () => file)).returns.resolves.toEqualTypeOf<typeof file>();
});

test('a handler knows its request and context without being told', () => {
  defineConfig({
    servers: {
      api: { listen: ':0', app: (request) => new Response(request.url) },
      routed: { listen: ':0', routes: [{ path: '/:id', handler: (context) => context.text(context.req.method) }] },
    },
  });
});

test('with workers code is named, and cannot be written', () => {
  const routes = [{ path: '/api', handler: './api.ts' }];
  defineConfig({ servers: { api: { listen: ':0', app: './app.ts' }, b: { listen: ':0', routes } }, workers: 'auto' });
  // @ts-expect-error: no message between processes carries a function
  defineConfig({ servers: { api: { listen: ':0', app: () => new Response() } }, workers: 2 });
  // @ts-expect-error: in one process code is written where it is used
  defineConfig({ servers: { api: { listen: ':0', app: './app.ts' } } });
});

test('what is no config does not compile', () => {
  // @ts-expect-error: a server listens somewhere
  defineConfig({ servers: { api: { app: new Hono() } } });
  // @ts-expect-error: there is no such mode
  defineConfig({ servers: {}, commit: 'maybe' });
  // @ts-expect-error: servers are by id
  expect(defineConfig([])).toEqual([]);
});
