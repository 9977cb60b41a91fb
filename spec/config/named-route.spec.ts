import type { Handler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { expect, expectTypeOf, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import { route } from '../../lib/config/named-route.ts';

const handler = (): Response => new Response('hello');
const middleware = createMiddleware(async (_, next) => next());

test('a route is written in one line', () => {
  expect(route('hello', '/hello', handler)).toEqual({ name: 'hello', path: '/hello', handler });
  expect(route('hello', '/hello', handler, middleware)).toEqual({
    name: 'hello',
    path: '/hello',
    handler,
    middleware: [middleware],
  });
});

test('a handler knows the parameters of its path', () => {
  route('hello', '/hello/:name/:page?', (c) => {
    expectTypeOf(c.req.param('name')).toEqualTypeOf<string>();
    expectTypeOf(c.req.param('page')).toEqualTypeOf<string | undefined>();
    expectTypeOf(c.env).toBeAny();
    return c.text('');
  });
  const path: string = '/anything';
  const ownEnv: Handler<{ Bindings: { readonly token: string } }, '/hello/:name'> = (c) => c.text(c.env.token);
  expect(route('a', path, handler).path).toBe(path);
  expect(route('b', '/hello/:name', ownEnv).handler).toBe(ownEnv);
});

class Hello {}

test.each([
  ['name', () => route('', '/', handler)],
  ['name', () => route('a\nb', '/', handler)],
  ['path', () => route('a', '', handler)],
  ['path', () => route('a', 'relative', handler)],
  ['path', () => route('a', '/:a{(x+)+}', handler)],
  // What callers without types may do.
  ['name', () => Reflect.apply(route, undefined, [undefined, '/', handler])],
  ['path', () => Reflect.apply(route, undefined, ['a', undefined, handler])],
  ['handler', () => Reflect.apply(route, undefined, ['a', '/', undefined])],
  ['handler', () => Reflect.apply(route, undefined, ['a', '/', Hello])],
  ['middleware', () => Reflect.apply(route, undefined, ['a', '/', handler, 'logger'])],
])('a wrong %s is refused where it stands', (option, write) => {
  expect(write).toThrow(OptionsError);
  expect(write).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS', option }));
});
