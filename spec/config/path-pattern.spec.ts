import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { pathProblem } from '../../lib/config/path-pattern.ts';

describe('a path', () => {
  test.each([
    ['*', '/anything'],
    ['/', '/'],
    ['/*', '/a/b'],
    ['/users/:id', '/users/7'],
    ['/users/:id/posts/:post', '/users/7/posts/8'],
    ['/users/:id?', '/users'],
    ['/wild/*/card', '/wild/x/card'],
    ['/files/*', '/files/a/b'],
    ['/v1/items:batch', '/v1/items:batch'],
    ['/a.b-c_d~e', '/a.b-c_d~e'],
    ['/posts/:date{[0-9]+}/:title{[a-z]+}', '/posts/2024/hello'],
    ['/posts/:year{[0-9]{4}}', '/posts/2024'],
    ['/image/:name{.+\\.png}', '/image/a/b.png'],
    ['/file/:kind{(?:jpg|png)}', '/file/png'],
  ])('%s is accepted, and Hono answers %s', async (path, url) => {
    expect(pathProblem(path)).toBeUndefined();
    const app = new Hono();
    app.all(path, () => new Response());
    expect((await app.request(url)).status).toBe(200);
  });

  test.each([
    ['', undefined],
    ['users', "write '/users'"],
    ['*/x', undefined],
    ['/a b', undefined],
    ['/a\nb', undefined],
    ['/a*', "write '/*' for what follows"],
    ['/:', undefined],
    ['/:a?/b', undefined],
    ['/:a{[0-9}', undefined],
    ['/:a{(}', undefined],
    ['/:a{}', undefined],
    ['/{a}', "write ':name{pattern}'"],
    ['/a}', undefined],
    ['/:a{b', undefined],
    ['/search?q=1', "end it before '?' or '#'"],
    ['/page#part', "end it before '?' or '#'"],
    [`/${'a'.repeat(1_024)}`, undefined],
    ['/:a{(a+)+}', 'check the value in the handler instead'],
    ['/:a{.+}/:b{.+}', 'check the value in the handler instead'],
  ])('%j is refused', (path, hint) => {
    const problem = pathProblem(path);
    expect(problem).toBeDefined();
    if (hint !== undefined) expect(problem?.hint).toBe(hint);
  });
});
