import { request } from 'node:http';
import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const many = (count: number): ClusterConfig =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `s${index}`,
      { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: `${index}` } }] },
    ]),
  );
const ask = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asking = request(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => {
        body += part;
      });
      response.on('end', () => resolve(body));
    });
    asking.on('error', reject).end();
  });

test('many servers that start at once all answer when their config is committed', { timeout: 30_000 }, async () => {
  await using cluster = createCluster({ logger: silent });
  await cluster.start();
  expect(await cluster.apply(many(600))).toMatchObject({ status: 'committed' });
  const { servers } = cluster.snapshot;
  expect(Object.keys(servers)).toEqual(Object.keys(many(600)));
  for (const id of ['s0', 's99', 's100', 's599']) expect(await ask(servers[id]?.url ?? '')).toBe(id.slice(1));
});

test('a stop while many are put in force leaves none behind', { timeout: 30_000 }, async () => {
  const cluster = createCluster({ logger: silent });
  await cluster.start();
  const outcome = cluster.apply(many(600));
  while (Object.keys(cluster.snapshot.servers).length === 0) await new Promise((resolve) => setImmediate(resolve));
  const urls = Object.values(cluster.snapshot.servers).map(({ url }) => url);
  expect(urls.length).toBeLessThan(600);
  await cluster.stop();
  expect(await outcome).toMatchObject({ status: 'cancelled' });
  await expect(ask(urls[0] ?? '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
