import { describe, expect, test } from 'vitest';
import { readConfig, running } from '../../lib/cluster/reading.ts';
import { ConfigError } from '../../lib/config/errors.ts';
import { saying } from './fixtures/clusters.ts';
import { byId, spec } from './fixtures/specs.ts';

const nothing = new Map();
const bad = { ...saying('b'), listen: 5 };

test('a valid config can be done whole, either way', () => {
  for (const mode of ['atomic', 'independent'] as const) {
    const { specs, refused, issues } = readConfig({ a: saying('a') }, nothing, mode);
    expect([...specs.keys()]).toEqual(['a']);
    expect(refused).toEqual([]);
    expect(issues).toBeUndefined();
  }
});

test('atomic: nothing is done of a config that is wrong anywhere', () => {
  expect(readConfig({ a: saying('a'), b: bad }, nothing, 'atomic').issues).toMatchObject([{ server: 'b' }]);
});

describe('independent', () => {
  test('the good ones are done, each bad one is refused with its own issues', () => {
    const { specs, refused, issues } = readConfig({ a: saying('a'), b: bad, c: {} }, nothing, 'independent');
    expect(issues).toBeUndefined();
    expect([...specs.keys()]).toEqual(['a']);
    expect(refused.map(({ server }) => server)).toEqual(['b', 'c']);
    for (const { server, cause, issues: own } of refused) {
      expect(cause).toBeInstanceOf(ConfigError);
      expect(own.length).toBeGreaterThan(0);
      expect(own.every((issue) => issue.server === server)).toBe(true);
    }
  });

  test('nothing is done of what is no config, or holds no good server', () => {
    expect(readConfig('config', nothing, 'independent').issues).toHaveLength(1);
    expect(readConfig({ b: bad }, nothing, 'independent').issues).toMatchObject([{ server: 'b' }]);
  });

  test('both sides of an overlap are refused', () => {
    const config = { a: saying('a', '127.0.0.1:1'), b: saying('b', ':1'), c: saying('c') };
    expect(readConfig(config, nothing, 'independent').refused.map(({ server }) => server)).toEqual(['a', 'b']);
  });
});

test('an equal config gives the spec that is in force', () => {
  const first = readConfig({ a: saying('a') }, nothing, 'atomic');
  const second = readConfig({ a: saying('a') }, first.specs, 'atomic');
  expect(second.specs.get('a')).toBe(first.specs.get('a'));
});

test('disabled servers are not among those that should run', () => {
  const on = spec('on');
  const all = byId([on]);
  expect(running(all)).toBe(all);
  expect([...running(byId([spec('off', ':1', { disabled: true }), on])).values()]).toEqual([on]);
});
