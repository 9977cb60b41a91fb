import { describe, expect, test } from 'vitest';
import { diff, planOf } from '../../lib/cluster/plan.ts';
import { byId, spec, standing, standings } from './fixtures/specs.ts';

const plan = (
  ...[actual, desired, strategy = 'hot-swap']:
    | [...Parameters<typeof diff>]
    | [Parameters<typeof diff>[0], Parameters<typeof diff>[1]]
) => planOf(diff(actual, desired, strategy));

const nothing = new Map();

test('the first servers are started and their addresses bound, in the order of the config', () => {
  const b = spec('b', '127.0.0.1:2');
  const a = spec('a', ':0');
  expect(plan(nothing, byId([b, a]))).toEqual({
    changes: [
      { server: 'b', action: 'start', to: '127.0.0.1:2' },
      { server: 'a', action: 'start', to: ':0' },
    ],
    bind: ['127.0.0.1:2', ':0'],
    release: [],
    unchanged: [],
  });
});

test('a server that is not wanted any more is stopped and its address let go', () => {
  const a = spec('a', '127.0.0.1:1');
  expect(plan(standings([standing(a)]), nothing)).toEqual({
    changes: [{ server: 'a', action: 'stop', from: '127.0.0.1:1' }],
    bind: [],
    release: ['127.0.0.1:1'],
    unchanged: [],
  });
});

test('the same spec is not touched, even when others change around it', () => {
  const a = spec('a', '127.0.0.1:1');
  const b = spec('b', '127.0.0.1:2');
  expect(plan(standings([standing(a)]), byId([b, a]))).toEqual({
    changes: [{ server: 'b', action: 'start', to: '127.0.0.1:2' }],
    bind: ['127.0.0.1:2'],
    release: [],
    unchanged: ['a'],
  });
});

test('another content on the same address is an update that neither binds nor releases', () => {
  const before = spec('a', '127.0.0.1:1');
  expect(plan(standings([standing(before)]), byId([spec('a', '127.0.0.1:1')]))).toEqual({
    changes: [{ server: 'a', action: 'update', from: '127.0.0.1:1', to: '127.0.0.1:1', fields: [] }],
    bind: [],
    release: [],
    unchanged: [],
  });
});

test('another address is a move: the new one is bound, the old one let go', () => {
  const before = spec('a', '127.0.0.1:1');
  expect(plan(standings([standing(before)]), byId([spec('a', '127.0.0.1:2')]))).toEqual({
    changes: [{ server: 'a', action: 'move', from: '127.0.0.1:1', to: '127.0.0.1:2', fields: ['listen'] }],
    bind: ['127.0.0.1:2'],
    release: ['127.0.0.1:1'],
    unchanged: [],
  });
});

describe('addresses that change hands', () => {
  const at = (id: string, port: number) => spec(id, `127.0.0.1:${port}`);

  test('two servers exchange theirs without a bind or a release', () => {
    const actual = standings([standing(at('a', 1)), standing(at('b', 2))]);
    expect(plan(actual, byId([at('a', 2), at('b', 1)]))).toMatchObject({
      changes: [{ action: 'move' }, { action: 'move' }],
      bind: [],
      release: [],
    });
  });

  test('three servers pass theirs round', () => {
    const actual = standings([standing(at('a', 1)), standing(at('b', 2)), standing(at('c', 3))]);
    expect(plan(actual, byId([at('a', 2), at('b', 3), at('c', 1)]))).toMatchObject({ bind: [], release: [] });
  });

  test('a new server takes over the address of one that leaves', () => {
    expect(plan(standings([standing(at('a', 1))]), byId([at('b', 1)]))).toEqual({
      changes: [
        { server: 'b', action: 'start', to: '127.0.0.1:1' },
        { server: 'a', action: 'stop', from: '127.0.0.1:1' },
      ],
      bind: [],
      release: [],
      unchanged: [],
    });
  });

  test('a server that makes room and the one that follows need one bind and no release', () => {
    const actual = standings([standing(at('a', 1))]);
    expect(plan(actual, byId([at('a', 2), at('b', 1)]))).toMatchObject({ bind: ['127.0.0.1:2'], release: [] });
  });
});

describe('a free port', () => {
  test('is kept as long as a free port is asked for', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:4711')]);
    expect(plan(actual, byId([spec('a', '127.0.0.1:0')]))).toEqual({
      changes: [{ server: 'a', action: 'update', from: '127.0.0.1:4711', to: '127.0.0.1:4711', fields: [] }],
      bind: [],
      release: [],
      unchanged: [],
    });
  });

  test('is kept by a server that crashed', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:4711', false)]);
    expect(plan(actual, byId([spec('a', '127.0.0.1:0')]))).toMatchObject({ bind: ['127.0.0.1:4711'] });
  });

  test('that a server runs on stays with it when its number is written down', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:4711')]);
    expect(plan(actual, byId([spec('a', '127.0.0.1:4711')]))).toMatchObject({
      changes: [{ action: 'update' }],
      bind: [],
      release: [],
    });
  });

  test('on another interface is another one', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:4711')]);
    expect(plan(actual, byId([spec('a', ':0')]))).toMatchObject({ bind: [':0'], release: ['127.0.0.1:4711'] });
  });

  test('is handed over when its server leaves and another one asks for the number', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:0'), '127.0.0.1:4711')]);
    expect(plan(actual, byId([spec('b', '127.0.0.1:4711')]))).toMatchObject({ bind: [], release: [] });
  });

  for (const listen of ['127.0.0.1:4711', ':4711', 'localhost:4711']) {
    test(`that is kept cannot be had as ${listen}`, () => {
      const a = spec('a', '127.0.0.1:0');
      const actual = standings([standing(a, '127.0.0.1:4711')]);
      const { steps } = diff(actual, byId([a, spec('b', listen)]), 'hot-swap');
      expect(steps).toMatchObject([{ server: 'b', bind: true, blockedBy: 'a', displaces: [] }]);
    });
  }

  test('of a server that is down goes to whoever asks for the number, and the server finds another', () => {
    const a = spec('a', '127.0.0.1:0');
    const actual = standings([standing(a, '127.0.0.1:4711', false)]);
    const { steps } = diff(actual, byId([a, spec('b', '127.0.0.1:4711')]), 'hot-swap');
    expect(steps).toMatchObject([
      { server: 'a', action: 'start', to: '127.0.0.1:0', bind: true },
      { server: 'b', action: 'start', to: '127.0.0.1:4711', bind: true },
    ]);
    expect(steps.map(({ blockedBy }) => blockedBy)).toEqual([undefined, undefined]);
  });
});

describe('a server that is down', () => {
  test('is started, although nothing about it changed', () => {
    const a = spec('a', '127.0.0.1:1');
    expect(plan(standings([standing(a, undefined, false)]), byId([a]))).toEqual({
      changes: [{ server: 'a', action: 'start', to: '127.0.0.1:1' }],
      bind: ['127.0.0.1:1'],
      release: [],
      unchanged: [],
    });
  });

  test('holds no address: whoever wants it binds it, and nothing is released when the server goes', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:1'), undefined, false)]);
    expect(plan(actual, byId([spec('b', '127.0.0.1:1')]))).toEqual({
      changes: [
        { server: 'b', action: 'start', to: '127.0.0.1:1' },
        { server: 'a', action: 'stop' },
      ],
      bind: ['127.0.0.1:1'],
      release: [],
      unchanged: [],
    });
  });

  test('is started and not stopped when it changes as well', () => {
    const actual = standings([standing(spec('a', '127.0.0.1:1'), undefined, false)]);
    const { steps } = diff(actual, byId([spec('a', '127.0.0.1:2')]), 'stop-then-start');
    expect(steps.map(({ action }) => action)).toEqual(['start']);
  });
});

describe('stop-then-start', () => {
  const actual = standings([standing(spec('a', '127.0.0.1:1'))]);

  test('of the cluster holds for servers that say nothing', () => {
    const { steps } = diff(actual, byId([spec('a', '127.0.0.1:1')]), 'stop-then-start');
    expect(steps).toMatchObject([{ action: 'restart', bind: true }]);
  });

  test('of a server wins over that of the cluster, either way', () => {
    const restart = spec('a', '127.0.0.1:1', { strategy: 'stop-then-start' });
    const swap = spec('a', '127.0.0.1:1', { strategy: 'hot-swap' });
    expect(diff(actual, byId([restart]), 'hot-swap').steps).toMatchObject([{ action: 'restart' }]);
    expect(diff(actual, byId([swap]), 'stop-then-start').steps).toMatchObject([{ action: 'update' }]);
  });

  test('does not touch what did not change', () => {
    const a = spec('a', '127.0.0.1:1');
    expect(plan(standings([standing(a)]), byId([a]), 'stop-then-start')).toMatchObject({
      changes: [],
      unchanged: ['a'],
    });
  });
});

describe('addresses that overlap', () => {
  for (const [from, to] of [
    ['127.0.0.1:1', '0.0.0.0:1'],
    ['0.0.0.0:1', '127.0.0.1:1'],
    ['127.0.0.1:1', ':1'],
    [':1', '[::1]:1'],
    ['[::]:1', '0.0.0.0:1'],
  ] as const) {
    test(`from ${from} to ${to} the old one has to make way first`, () => {
      const { steps, release } = diff(standings([standing(spec('a', from))]), byId([spec('a', to)]), 'hot-swap');
      expect(steps).toMatchObject([{ action: 'move', bind: true, displaces: ['a'] }]);
      expect(release).toEqual([from]);
    });
  }

  test('make all those way who leave, and nobody else', () => {
    const actual = standings([
      standing(spec('a', '127.0.0.1:1')),
      standing(spec('b', '127.0.0.2:1')),
      standing(spec('c', '127.0.0.1:2')),
    ]);
    const { steps } = diff(actual, byId([spec('d', '0.0.0.0:1')]), 'hot-swap');
    expect(steps.filter(({ displaces }) => displaces.length > 0)).toMatchObject([
      { server: 'd', displaces: ['a', 'b'] },
    ]);
  });
});

test('what a plan is made from is not changed by it', () => {
  const a = standing(spec('a', '127.0.0.1:1'));
  const actual = standings([a]);
  const desired = byId([spec('b', '127.0.0.1:1')]);
  diff(actual, desired, 'hot-swap');
  expect([...actual]).toEqual([['a', a]]);
  expect([...desired.keys()]).toEqual(['b']);
});

test('ids that mean something to objects mean nothing to a plan', () => {
  // Ids like these never pass validation; the plan does not rely on that.
  const odd = byId(['toString', 'valueOf', 'a:stop'].map((id) => Object.freeze({ ...spec('x', '127.0.0.1:0'), id })));
  expect(plan(nothing, odd).changes.map(({ server }) => server)).toEqual(['toString', 'valueOf', 'a:stop']);
});
