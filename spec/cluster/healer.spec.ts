import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Healer } from '../../lib/cluster/healer.ts';

const rules = {
  settings: { fallToWarn: 1, fallToDown: 1 },
  restart: { intensity: 2, periodMs: 1_000, initialMs: 100, maxMs: 400 },
};
const failed = { status: 'down', succeeded: false } as const;
const passed = { status: 'warn', succeeded: true } as const;

/** A healer in virtual time, and what it says. */
const healing = () => {
  const scheduler = new VirtualTimeScheduler(undefined, Number.POSITIVE_INFINITY);
  const said: string[] = [];
  const healer = new Healer({
    due: () => said.push(`due at ${scheduler.frame}`),
    givenUp: (server) => said.push(`${server} given up at ${scheduler.frame}`),
    random: () => 1,
    now: () => scheduler.frame,
    scheduler,
  });
  const look = (server: string, ...looks: readonly (typeof failed | typeof passed)[]): void => {
    for (const one of looks) healer.look(server, one, rules);
  };
  const pass = (ms: number): void => {
    const until = scheduler.frame + ms;
    scheduler.schedule(() => {}, ms);
    scheduler.maxFrames = until;
    scheduler.flush();
  };
  return { healer, said, look, pass };
};

describe('who is down', () => {
  test('is due when its wait is over', () => {
    const { healer, said, look, pass } = healing();
    look('a', failed, failed);
    expect(healer.take()).toBeUndefined();
    pass(100);
    expect(said).toEqual(['due at 100']);
    expect(healer.take()).toBe('a');
    expect(healer.isRestarting('a')).toBe(true);
  });

  test('is not due when it answered meanwhile, even when it had been due', () => {
    const { healer, said, look, pass } = healing();
    look('a', failed, failed, passed);
    pass(500);
    expect(said).toEqual([]);
    look('a', failed, failed);
    pass(500);
    look('a', passed);
    expect(healer.take()).toBeUndefined();
  });

  test('is not due any more when nobody looks after it, and its timer has gone', () => {
    const { healer, said, look, pass } = healing();
    look('a', failed, failed);
    healer.forget('a');
    pass(500);
    expect(said).toEqual([]);
    expect(healer.isDue('a')).toBe(false);
  });

  test('answers while its restart is about to begin: it is not due then', () => {
    const { healer, look, pass } = healing();
    look('a', failed, failed);
    pass(100);
    healer.take();
    expect(healer.isDue('a')).toBe(true);
    look('a', passed);
    expect(healer.isDue('a')).toBe(false);
    healer.putOff();
    expect(healer.take()).toBeUndefined();
  });
});

test('they are restarted one after the other, in the order in which they became due', () => {
  const { healer, look, pass } = healing();
  look('a', failed, failed);
  look('b', failed, failed);
  pass(100);
  expect(healer.take()).toBe('a');
  expect(healer.take()).toBeUndefined();
  healer.finish();
  expect(healer.take()).toBe('b');
  healer.finish();
  expect(healer.take()).toBeUndefined();
});

test('a restart that lost its place is due as before', () => {
  const { healer, look, pass } = healing();
  look('a', failed, failed);
  pass(100);
  healer.take();
  healer.putOff();
  expect(healer.isRestarting('a')).toBe(false);
  expect(healer.take()).toBe('a');
});

test('after its restart its failures are counted anew, until it is given up', () => {
  const { healer, said, look, pass } = healing();
  for (const wait of [100, 200]) {
    look('a', failed, failed);
    pass(wait);
    expect(healer.take()).toBe('a');
    healer.finish();
  }
  look('a', failed);
  expect(said).toEqual(['due at 100', 'due at 300']);
  look('a', failed, failed);
  expect(said.at(-1)).toBe('a given up at 300');
  pass(1_000);
  expect(healer.take()).toBeUndefined();
});
