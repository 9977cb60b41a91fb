import { expect, test } from 'vitest';
import type { LiveTarget } from '../../../lib/config/target-config.ts';
import { LiveLineup } from '../../../lib/server/proxy/lineup.ts';
import { Target } from '../../../lib/server/proxy/targets.ts';
import { createLog } from '../serving.ts';

const following = (first: readonly (string | LiveTarget)[]) => {
  let given = first;
  let asked = 0;
  const known = new Map<string, Target>();
  const logger = createLog();
  const find = (url: string): Target | undefined => {
    if (!url.startsWith('http://')) return undefined;
    const target = known.get(url) ?? new Target(url, { send: () => undefined });
    known.set(url, target);
    return target;
  };
  const lineup = new LiveLineup(
    () => {
      asked += 1;
      return given;
    },
    { server: 'front', logger, find },
  );
  return {
    members: lineup.members,
    names: () => lineup.members().map(({ target, weight }) => `${target.name.slice('http://'.length)} ${weight}`),
    become: (next: readonly (string | LiveTarget)[]) => {
      given = next;
    },
    target: (name: string) => known.get(`http://${name}`),
    lines: () => logger.lines.map(({ level, message }) => `${level} ${message}`),
    asked: () => asked,
  };
};

test('is who it is said to be, each of them once, and nobody of no weight', () => {
  const weights = [0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((weight) => ({ url: 'http://none', weight }));
  const { names } = following(['http://a', { url: 'http://b', weight: 2.5 }, 'http://a', ...weights]);
  expect(names()).toEqual(['a 1', 'b 2.5']);
});

test('the same array is looked at once, another one at once', () => {
  const { members, become, names, asked } = following(['http://a']);
  expect(members()).toBe(members());
  become(['http://a', 'http://b']);
  expect(names()).toEqual(['a 1', 'b 1']);
  expect(asked()).toBe(3);
});

test('whoever stays keeps what it is owed, whatever becomes of its weight', () => {
  const { members, become } = following(['http://a', 'http://b']);
  const [a] = members();
  if (a === undefined) throw new Error('nobody is there');
  a.credit = 7;
  become(['http://b', 'http://a']);
  expect(members()[1]).toBe(a);
  become([{ url: 'http://a', weight: 3 }]);
  expect(members()).toMatchObject([{ weight: 3, credit: 7 }]);
});

test('whoever comes back, or was started anew, is asked again at once; whoever only stays rests on', () => {
  const at = (since: number): LiveTarget => ({ url: 'http://a', since });
  const { members, become, target } = following([at(1)]);
  members();
  const fail = (): void => target('a')?.failed(false, performance.now(), 60_000);
  const isResting = (): boolean => (target('a')?.restsUntil ?? 0) > performance.now();
  fail();
  become([at(1)]);
  members();
  expect(isResting()).toBe(true);
  become([at(2)]);
  members();
  expect(isResting()).toBe(false);
  fail();
  expect(isResting()).toBe(true);
  become([]);
  members();
  become([at(2)]);
  members();
  expect(isResting()).toBe(false);
});

test('a route that is built anew believes what is known of its targets', () => {
  const known = new Target('a', { send: () => undefined });
  known.failed(false, performance.now(), 60_000);
  const site = { server: 'front', logger: createLog(), find: () => known };
  const [member] = new LiveLineup(() => ['http://a'], site).members();
  expect(member?.restsUntil).toBeGreaterThan(performance.now());
});

test('tells once that nobody is there, and once that somebody is', () => {
  const { members, become, lines } = following([]);
  const gone = 'warn server front: no target is ready, requests are answered with 503';
  const back = 'info server front: targets are ready again';
  members();
  become([]);
  members();
  expect(lines()).toEqual([gone]);
  become(['http://a']);
  members();
  expect(lines()).toEqual([gone, back]);
  become(['http://b']);
  members();
  become([]);
  members();
  expect(lines()).toEqual([gone, back, gone]);
});

test('stays who it was while that cannot be learnt, and tells it once', () => {
  let isBroken = false;
  const logger = createLog();
  const lineup = new LiveLineup(
    () => {
      if (isBroken) throw new Error('no idea');
      return ['http://a'];
    },
    { server: 'front', logger, find: (url) => new Target(url, { send: () => undefined }) },
  );
  const members = lineup.members();
  expect(members).toHaveLength(1);
  for (const now of [true, true, false, true]) {
    isBroken = now;
    expect(lineup.members()).toHaveLength(1);
  }
  expect(logger.lines.map(({ level }) => level)).toEqual(['error', 'error']);
});

test('what is no target gets no requests, and is told of once as long as it is there', () => {
  const { members, become, names, lines } = following(['ftp://a', 'http://b']);
  expect(names()).toEqual(['b 1']);
  become(['http://b', 'ftp://a']);
  members();
  expect(lines()).toEqual(["error server front: 'ftp://a' is no target and gets no requests"]);
});
