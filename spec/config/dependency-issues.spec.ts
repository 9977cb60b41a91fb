import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../lib/config/parse.ts';
import { server } from './configs.ts';
import { issuesOf, specOf } from './reading.ts';

const depending = (...dependsOn: readonly string[]) => server({ dependsOn });

/** Each issue as one line, of all servers. */
const problems = (config: Readonly<Record<string, unknown>>): readonly string[] =>
  parseCluster(config).issues.map(({ server, path, message, hint }) =>
    [`${server}.${path}: ${message}`, hint].filter((part) => part !== undefined).join('; '),
  );

describe('dependencies', () => {
  test('may be on any other server of the config, wherever it stands', () => {
    const { issues, specs } = parseCluster({
      web: depending('api', 'database'),
      api: depending('database'),
      database: server(),
    });
    expect(issues).toEqual([]);
    expect([...specs.keys()]).toEqual(['web', 'api', 'database']);
  });

  test('mean the same in any order', () => {
    const before = specOf(server());
    expect(specOf(server({ dependsOn: [] }), before)).toBe(before);
    const read = (dependsOn: readonly string[], previous?: ReturnType<typeof parseCluster>) =>
      parseCluster({ a: server(), b: server(), api: server({ dependsOn }) }, previous?.specs);
    const one = read(['a', 'b']);
    expect(read(['b', 'a'], one).specs.get('api')).toBe(one.specs.get('api'));
    expect(read(['b'], one).specs.get('api')).not.toBe(one.specs.get('api'));
  });

  test('may be on a disabled server', () => {
    expect(problems({ api: depending('database'), database: server({ disabled: true }) })).toEqual([]);
  });

  test('on nobody are refused, with the id that was probably meant', () => {
    expect(problems({ api: depending('databse', 'zz'), database: server(), queue: null })).toEqual([
      "api.dependsOn: there is no server 'databse'; did you mean 'database'?",
      "api.dependsOn: there is no server 'zz'; name a server of the same config",
    ]);
  });

  test('on a server that is removed are refused', () => {
    expect(problems({ api: depending('queue'), queue: null })).toHaveLength(1);
  });

  test('on a server that is not valid are no issue of their own', () => {
    const { issues, refused, specs } = parseCluster({ api: depending('database'), database: server({ listen: 'x' }) });
    expect(issues.map((issue) => issue.server)).toEqual(['database']);
    expect([...refused]).toEqual(['database']);
    expect([...specs.keys()]).toEqual(['api']);
  });

  test('on itself are refused', () => {
    expect(problems({ api: depending('api') })).toEqual(['api.dependsOn: a server cannot depend on itself']);
  });

  test('that lead back to where they began are refused for everybody on the way, who is named', () => {
    const { refused, specs } = parseCluster({
      a: depending('b'),
      b: depending('c'),
      c: depending('a'),
      d: depending('a'),
    });
    expect([...refused]).toEqual(['a', 'b', 'c']);
    expect([...specs.keys()]).toEqual(['d']);
    expect(problems({ a: depending('b'), b: depending('c'), c: depending('a') })).toEqual([
      'a.dependsOn: depends on itself: a → b → c → a; leave one of them out',
      'b.dependsOn: depends on itself: b → c → a → b; leave one of them out',
      'c.dependsOn: depends on itself: c → a → b → c; leave one of them out',
    ]);
  });

  test('of a long cycle are shown in part', () => {
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const config = Object.fromEntries(ids.map((id, index) => [id, depending(ids[(index + 1) % 20] ?? '')]));
    expect(parseCluster(config).issues[0]?.message).toBe(
      'depends on itself: s0 → s1 → s2 → s3 → s4 → s5 → s6 → s7 → 12 more → s0',
    );
  });

  test.each<[unknown, string]>([
    ['database', 'dependsOn'],
    [[1], 'dependsOn.0'],
    [['no id!'], 'dependsOn.0'],
    [['a', 'a'], 'dependsOn'],
  ])('have to be ids, each once: %j', (dependsOn, path) => {
    expect(issuesOf({ ...server(), dependsOn }).map((issue) => issue.path)).toEqual([path]);
  });
});
