import { expect, test } from 'vitest';
import { Turns } from '../../lib/pool/turns.ts';

test('what is asked for at once is done in order, one at a time', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([turns.take(work('a')), turns.take(work('b'))])).toEqual(['a', 'b']);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('what fails is told to whoever asked, and the next one has its turn', async () => {
  const turns = new Turns();
  const thrown = turns.take(() => {
    throw new Error('thrown');
  });
  const rejected = turns.take(() => Promise.reject(new Error('rejected')));
  const last = turns.take(() => 'last');
  await expect(thrown).rejects.toThrow('thrown');
  await expect(rejected).rejects.toThrow('rejected');
  expect(await last).toBe('last');
});

test('what is done in a row leaves time for everything else', async () => {
  const turns = new Turns();
  let others = 0;
  let isOver = false;
  const other = (): void => {
    others += 1;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const busy = (): void => {
    const end = performance.now() + 5;
    while (performance.now() < end);
  };
  for (let count = 0; count < 10; count += 1) await turns.take(busy);
  const oneByOne = others;
  await Promise.all(Array.from({ length: 10 }, () => turns.take(busy)));
  isOver = true;
  expect(oneByOne).toBeGreaterThan(2);
  expect(others).toBeGreaterThan(oneByOne + 2);
});
