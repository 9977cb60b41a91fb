import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comesBack, type Restartable, type RestartStrategy, regroup } from '../../lib/supervision/restart-strategy.ts';

interface Named extends Restartable {
  readonly name: string;
}

const named = (name: string, restart: Restartable['restart'] = 'permanent', held = true): Named => ({
  name,
  restart,
  held,
});
const names = ({ stop, start }: { readonly stop: readonly Named[]; readonly start: readonly Named[] }) => ({
  stop: stop.map(({ name }) => name).join(''),
  start: start.map(({ name }) => name).join(''),
});
const four = [named('a'), named('b', 'permanent', false), named('c'), named('d')];

test.each([
  ['one-for-one', { stop: '', start: 'b' }],
  ['rest-for-one', { stop: 'dc', start: 'bcd' }],
  ['one-for-all', { stop: 'dca', start: 'abcd' }],
] as const)(
  '%s: who is stopped in reverse and started in order when the second of four falls',
  (strategy, expected) => {
    expect(names(regroup(strategy, four, [1]))).toEqual(expected);
  },
);

test('a temporary one is stopped with the others and stays down, a transient one that had ended starts with them', () => {
  const members = [named('a', 'permanent', false), named('b', 'temporary'), named('c', 'transient', false)];
  expect(names(regroup('one-for-all', members, [0]))).toEqual({ stop: 'b', start: 'ac' });
});

test('nobody fell, nobody is restarted', () => {
  for (const strategy of ['one-for-one', 'rest-for-one', 'one-for-all'] as const) {
    expect(names(regroup(strategy, four, []))).toEqual({ stop: '', start: '' });
  }
});

test('permanent comes back always, transient after a failure, temporary never', () => {
  const all = (['permanent', 'transient', 'temporary'] as const).map((type) => [
    comesBack(type, 'failed'),
    comesBack(type, 'ended'),
  ]);
  expect(all).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ]);
});

/**
 * A row of machines: what fell drags others down by the rule of its strategy, written as a walk; then the hand of an
 * operator goes along the row, once backwards to switch off and once forwards to switch on.
 */
const model = (strategy: RestartStrategy, members: readonly Named[], fallen: readonly number[]) => {
  const marked = members.map(() => false);
  for (const at of fallen) {
    if (strategy === 'one-for-one') marked[at] = true;
    if (strategy === 'rest-for-one') for (let next = at; next < members.length; next += 1) marked[next] = true;
    if (strategy === 'one-for-all') marked.fill(true);
  }
  const stop: string[] = [];
  for (const at of [...members.keys()].reverse()) if (marked[at] && members[at]?.held) stop.push(members[at].name);
  const start: string[] = [];
  for (const [at, { name, restart }] of members.entries()) if (marked[at] && restart !== 'temporary') start.push(name);
  return { stop: stop.join(''), start: start.join('') };
};

test('whoever falls, the same are stopped and started in the same order as in a simple model', () => {
  const member = fc.record({
    restart: fc.constantFrom('permanent', 'transient', 'temporary'),
    held: fc.boolean(),
  });
  const row = fc
    .array(member, { minLength: 1, maxLength: 12 })
    .map((list) => list.map((one, at) => ({ ...one, name: String.fromCharCode(97 + at) })));
  const scene = row.chain((members) =>
    fc.record({ members: fc.constant(members), fallen: fc.uniqueArray(fc.nat(members.length - 1)) }),
  );
  const strategy = fc.constantFrom('one-for-one', 'rest-for-one', 'one-for-all');
  fc.assert(
    fc.property(strategy, scene, (rule, { members, fallen }) => {
      expect(names(regroup(rule, members, fallen))).toEqual(model(rule, members, fallen));
    }),
  );
});
