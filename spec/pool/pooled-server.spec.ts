import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { named, rigPool, runningPool, serving } from './pools.ts';

test('a server is printed, and written as JSON, with what people look for', async () => {
  const { pool } = rigPool([serving('a', '127.0.0.1:8080')]);
  const shown = { id: 'a', name: 'a', bind: '127.0.0.1:8080', url: 'http://127.0.0.1:8080', state: 'stopped' };
  const server = named(pool, 'a');
  expect(JSON.parse(JSON.stringify(server))).toEqual(shown);
  expect(inspect(server)).toBe(`PoolServer ${inspect(shown)}`);
});

test('a pool and a view are printed, and written as JSON, as their servers', () => {
  const { pool } = rigPool([serving('a', '127.0.0.1:8080'), serving('b', '127.0.0.1:8081')]);
  const view = pool.filter('name', { exact: 'b' });
  expect(JSON.parse(JSON.stringify(pool))).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  expect(JSON.parse(JSON.stringify({ view }))).toMatchObject({ view: [{ name: 'b' }] });
  expect(inspect(pool)).toMatch(/^Pool \[\s+PoolServer \{/);
  expect(inspect(view)).toMatch(/^PoolView \[\s+PoolServer \{/);
});

test('a server says what its cluster calls it, for as long as it is there', async () => {
  const { pool } = await runningPool([serving('same'), serving('same'), { ...serving('x'), name: 'two words' }]);
  const servers = [...pool.values()];
  expect(servers.map(({ id }) => id)).toEqual(['same', 'same-2', 'two-words']);
  for (const { id, bind } of servers) expect(pool.cluster.snapshot.servers[id]?.address).toBe(bind);
  const [first] = servers;
  await first?.update({ name: 'other' });
  await first?.stop();
  expect(first?.id).toBe('same');
});

test('what has no name is called by its address everywhere', async () => {
  const { name: _, ...nameless } = serving('a');
  const { pool } = await runningPool([nameless]);
  const [server] = pool.values();
  expect(server?.name).toBe(server?.bind);
  expect(server?.snapshot?.name).toBe(server?.bind);
  expect(server?.monitorName).toBe(`HTTP Server [${server?.name}]`);
  expect(server?.snapshot).toBe(server?.snapshot);
});
