import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { metricsApp } from '../../lib/metrics/metrics-app.ts';

const app = metricsApp({ contentType: 'text/plain; version=0.0.4', metrics: () => Promise.resolve('up 1\n') });

test('scrapes are answered at / and /metrics, and kept by nobody', async () => {
  for (const path of ['/', '/metrics', '/metrics?name[]=up']) {
    const answer = await app.request(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe('up 1\n');
  }
});

test('nothing else is', async () => {
  expect((await app.request('/other')).status).toBe(404);
  expect((await app.request('/metrics', { method: 'POST' })).status).toBe(404);
});

test('it can be mounted in another app', async () => {
  const outer = new Hono().route('/internal', app);
  for (const path of ['/internal', '/internal/', '/internal/metrics']) {
    expect(await (await outer.request(path)).text(), path).toBe('up 1\n');
  }
  expect((await outer.request('/internal/other')).status).toBe(404);
});
