import { createMiddleware } from 'hono/factory';
import { expect, test } from 'vitest';
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
