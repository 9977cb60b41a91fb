import { expect, test } from 'vitest';
import { Target } from '../../../lib/server/proxy/targets.ts';

const target = () => {
  const news: string[] = [];
  const said = { down: (name: string) => news.push(`down ${name}`), up: (name: string) => news.push(`up ${name}`) };
  return { news, target: new Target('backend', { send: () => undefined }, said) };
};

test('a target that gives no answers is told of once, however many requests that costs, and once when it is back', () => {
  const { news, target: backend } = target();
  backend.answered();
  for (let now = 0; now < 5_000; now += 100) {
    backend.chosen(now, 1_000);
    backend.failed(false, now, 1_000);
  }
  expect(news).toEqual(['down backend']);
  backend.answered();
  backend.answered();
  expect(news).toEqual(['down backend', 'up backend']);
});

test('a kept connection that just closed is no news', () => {
  const { news, target: backend } = target();
  backend.failed(true, 0, 1_000);
  backend.answered();
  expect(news).toEqual([]);
});
