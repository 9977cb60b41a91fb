import fc from 'fast-check';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { stripPrefix } from '../../lib/middleware/strip-prefix.ts';
import { post } from '../listener/wire.ts';
import { serve } from '../server/serving.ts';

const seen: string[] = [];

const stripping = (prefix: string): Hono => {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    seen.push(`${c.req.path} ${new URL(c.req.url).pathname}`);
  });
  app.use(stripPrefix(prefix));
  return app.all('*', async (c) => {
    const { pathname, search } = new URL(c.req.url);
    return c.text([c.req.method, c.req.path, pathname, search, c.req.query('q') ?? '', await c.req.text()].join(' '));
  });
};

describe('a prefix', () => {
  test.each(['api', '/api', '/api/', '//api//'])('may be written with slashes or without: %s', async (prefix) => {
    expect(await (await stripping(prefix).request('/api/users/1')).text()).toContain('GET /users/1 /users/1');
  });

  test.each(['', '/'])('that is empty takes nothing off: "%s"', async (prefix) => {
    expect(await (await stripping(prefix).request('/api/users/1')).text()).toContain('GET /api/users/1');
  });

  test.each(['/apix', '/ap', '/', '/API', '/x/api'])('that a path does not have is a 404: %s', async (path) => {
    expect((await stripping('/api').request(path)).status).toBe(404);
  });

  test.each(['/api', '/api/'])('alone leaves a slash: %s', async (path) => {
    expect(await (await stripping('/api').request(`${path}?q=x`)).text()).toBe('GET / / ?q=x x ');
  });

  test('leaves query, method, body and escapes as they are, on a server too', async () => {
    const { dial } = await serve({ app: stripping('/api') });
    const wire = dial();
    wire.write(post('/api/a%20b?q=1%262', 'body'));
    expect((await wire.responses())[0]?.body).toBe('POST /a b /a%20b ?q=1%262 1&2 body');
  });

  test('is not read out of escapes that would mean something else once they are undone', async () => {
    const app = stripping('/api');
    expect(await (await app.request('/api/..%5Cx')).text()).toContain(' /..%5Cx ');
    expect((await app.request('/%61pi/x')).status).toBe(404);
  });

  test('is not missed by those in front', async () => {
    seen.length = 0;
    await stripping('/api').request('/api/users/1');
    expect(seen).toEqual(['/api/users/1 /api/users/1']);
  });

  test('never leads to another origin', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), async (path) => {
        const app = new Hono().all('*', stripPrefix('/api'), (c) => c.text(new URL(c.req.url).origin));
        expect(await (await app.request(`http://here.test/api/${path}`)).text()).toBe('http://here.test');
      }),
      { numRuns: 50 },
    );
  });
});
