import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { named, rigPool, runningPool, serving } from './pools.ts';

/** Lets what was asked for begin, without letting it end: real sockets take longer. */
const begun = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
};

test('a stop while a server is being stored is meant for it too', async () => {
  const { pool } = await runningPool([serving('one')]);
  const storing = pool.storeNew(serving('two'));
  await begun();
  await pool.stop();
  const two = await storing;
  expect(two.state).toBe('stopped');
  await named(pool, 'one').start();
  expect([named(pool, 'one').state, two.state]).toEqual(['running', 'stopped']);
});

test('a stop while a server is being changed is meant for it too', async () => {
  const { pool } = await runningPool([serving('one'), serving('two')]);
  const two = named(pool, 'two');
  const changing = two.update({ routes: [{ path: '*', respond: { body: 'two again' } }] });
  await begun();
  await pool.stop();
  await changing;
  await named(pool, 'one').start();
  expect(two.state).toBe('stopped');
  await two.start();
  expect(await ask(two.bind)).toBe('two again');
});

test('a stop during a reload is meant for all that come and change', async () => {
  const { pool } = await runningPool([serving('one'), serving('two')]);
  const more = { routes: [{ path: '*', respond: { body: 'again' } }] };
  const reloading = pool.reload([serving('one'), { ...serving('two'), ...more }, serving('three')]);
  await begun();
  await pool.stop();
  await reloading;
  await named(pool, 'one').start();
  expect(Array.from(pool.values(), ({ name, state }) => `${name} ${state}`)).toEqual([
    'one running',
    'two stopped',
    'three stopped',
  ]);
});

test('a server that is deleted while the pool stops is waited for', async () => {
  let release: (answer: Response) => void = () => {};
  const held = new Promise<Response>((resolve) => {
    release = resolve;
  });
  let asked: () => void = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const app = (): Promise<Response> => {
    asked();
    return held;
  };
  const { pool } = rigPool([{ name: 'slow', listen: '127.0.0.1:0', app }]);
  await pool.start();
  const { bind } = named(pool, 'slow');
  const answer = ask(bind);
  await isAsked;
  const order: string[] = [];
  const stopping = pool.stop().then(() => order.push('stopped'));
  const deleting = pool.delete(bind).then(() => order.push('deleted'));
  void answer.then(() => order.push('answered'));
  await begun();
  release(new Response('late'));
  await Promise.all([stopping, deleting, answer]);
  expect(order[0]).toBe('answered');
  expect(await answer).toBe('late');
});
