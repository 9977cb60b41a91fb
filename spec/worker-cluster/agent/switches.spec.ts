import { expect, test } from 'vitest';
import { Switches } from '../../../lib/worker-cluster/agent/switches.ts';

test('a round is switched or undone as the primary says', async () => {
  const switches = new Switches();
  const [one, two] = [switches.open(1), switches.open(2)];
  switches.decide(1, 'switch');
  switches.decide(2, 'abort');
  await expect(one.made).resolves.toBeUndefined();
  await expect(two.made).rejects.toThrow('undoes');
  expect([one.isUndone, two.isUndone]).toEqual([false, true]);
});

test('what is said of a round that nobody knows changes nothing, and a second word neither', async () => {
  const switches = new Switches();
  switches.decide(7, 'abort');
  const one = switches.open(1);
  switches.decide(1, 'switch');
  switches.decide(1, 'abort');
  await expect(one.made).resolves.toBeUndefined();
  expect(switches.open(7).isUndone).toBe(false);
});

test('nobody waits any more for rounds that are abandoned', async () => {
  const switches = new Switches();
  const one = switches.open(1);
  switches.abandon();
  await expect(one.made).rejects.toThrow();
});
