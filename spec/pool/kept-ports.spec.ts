import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { named, runningPool, serving } from './pools.ts';

test('a server of a pool keeps the port it found over a stop of its own, of a view, and while it is disabled', async () => {
  const { pool, changes } = await runningPool([serving('a'), serving('b')]);
  const a = named(pool, 'a');
  const { bind } = a;
  const before = changes.length;
  await a.stop();
  await a.start();
  expect(await ask(bind)).toBe('a');
  const view = pool.filter('name', { exact: 'a' });
  await view.stop();
  await view.start();
  expect(await ask(bind)).toBe('a');
  await a.update({ disabled: true });
  await a.update({ disabled: false });
  expect(await ask(bind)).toBe('a');
  expect(changes.slice(before).map(({ type }) => type)).not.toContain('rekeyed');
  expect(a.bind).toBe(bind);
});
