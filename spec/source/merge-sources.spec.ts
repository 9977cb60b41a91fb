import { concat, defer, EMPTY, lastValueFrom, map, NEVER, of, throwError, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { OptionsError } from '../../lib/config/errors.ts';
import type { ClusterConfig, ServerConfig } from '../../lib/config/server-config.ts';
import { type ConfigsInput, toConfigs } from '../../lib/source/configs.ts';
import { type MergeSourcesOptions, mergeSources } from '../../lib/source/merge-sources.ts';
import type { SourceEvent } from '../../lib/source/source.ts';
import { marbles } from '../reactive/marbles.ts';
import { summary } from './reading.ts';

const server = (port: number): ServerConfig => ({ listen: `127.0.0.1:${port}`, routes: [] });

/** Values of marble diagrams: servers by letter, and what is wrong. */
const values: Readonly<Record<string, ClusterConfig>> = {
  a: { a: server(1) },
  b: { b: server(2) },
  A: { a: server(3) },
  n: { a: null },
  x: { x: { listen: 'nowhere', routes: [] } },
  // Wants the address of `b`.
  c: { c: server(2) },
};

const lines = (event: SourceEvent): string => {
  if (event.type === 'failed') return `${event.file}: ${event.problems.map(({ code }) => code).join(' ')}`;
  return Object.entries(event.servers)
    .map(([id, one]) => `${id}=${one?.listen.slice(10) ?? 'none'}`)
    .join(' ');
};

const merged = (
  diagrams: readonly string[],
  expected: readonly [string, Readonly<Record<string, string>>],
  options?: MergeSourcesOptions & { unsub?: string; subscriptions?: readonly (string | string[])[] },
): void => {
  const { unsub, subscriptions, ...own } = options ?? {};
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const inputs = diagrams.map((diagram) => cold(diagram, values, 'broken'));
    const out$ = mergeSources(inputs, { names: ['one', 'two'], ...own });
    const [diagram, meaning] = expected;
    expectObservable(out$.pipe(map(lines)), unsub).toBe(diagram, meaning);
    for (const [index, one] of (subscriptions ?? []).entries()) {
      expectSubscriptions(inputs[index]?.subscriptions ?? []).toBe(one);
    }
  });
};

describe('merging', () => {
  test('the first configuration comes when every source has spoken, and then one for each', () => {
    merged(['-a---|', '---b-|'], ['---m-|', { m: 'a=1 b=2' }], { subscriptions: ['^----!', '^----!'] });
    merged(['-a-a-|', '--b--|'], ['--mm-|', { m: 'a=1 b=2' }]);
  });

  test('of a server that both name the later source wins, whenever it spoke', () => {
    merged(['--a-a|', '-A---|'], ['--m-m|', { m: 'a=3' }]);
  });

  test('null in a later source takes the server away', () => {
    merged(['a----|', '--n-A|'], ['--m-k|', { m: 'a=none', k: 'a=3' }]);
  });

  test('it completes when all have, and a source that ended counts with what it said last', () => {
    merged(['(a|)', '--b--A--|'], ['--m--k--|', { m: 'a=1 b=2', k: 'a=3' }]);
  });

  test('a source that ends without a word is not waited for', () => {
    merged(['---|', 'b---|'], ['---m|', { m: 'b=2' }]);
    merged(['|', '|'], ['|', {}]);
  });

  test('no sources are nothing', () => {
    merged([], ['|', {}]);
  });

  test('unsubscribing lets go of every source', () => {
    merged(['a--', '-b-'], ['-m-', { m: 'a=1 b=2' }], { unsub: '--!', subscriptions: ['^-!', '^-!'] });
  });
});

describe('what fails', () => {
  test('a source that errors keeps what it said last, and is named', () => {
    merged(['a-#', '-b-A|'], ['-mfk|', { m: 'a=1 b=2', f: 'one: ERR_SOURCE_STREAM', k: 'a=3' }]);
  });

  test('what is not valid is named, and changes nothing', () => {
    merged(['a-x-|', '-b-A|'], ['-mfk|', { m: 'a=1 b=2', f: 'one: ERR_CONFIG', k: 'a=3' }]);
  });

  test('a source that fails at the start holds nobody up', () => {
    merged(['-x----|', 'b-----|'], ['-(fm)-|', { f: 'one: ERR_CONFIG', m: 'b=2' }]);
  });

  test('while nothing good was said there is no configuration, and nothing is taken away', () => {
    merged(['-x|', '#'], ['gf|', { f: 'one: ERR_CONFIG', g: 'two: ERR_SOURCE_STREAM' }]);
  });

  test('two sources that are valid by themselves may not be together', () => {
    merged(['b--|', '-c-|'], ['-f-|', { f: 'merged sources: ERR_CONFIG ERR_CONFIG' }]);
    merged(['b--|', '-c-|'], ['-f-|', { f: 'all of it: ERR_CONFIG ERR_CONFIG' }], { name: 'all of it' });
  });

  test('a silent source is waited for, and then named', () => {
    merged(['a', '-'], ['20ms (fm)', { f: 'two: ERR_SOURCE_SILENT', m: 'a=1' }], { patienceMs: 20 });
    merged(['a', '30ms b|'], ['20ms (fm) 6ms k', { f: 'two: ERR_SOURCE_SILENT', m: 'a=1', k: 'a=1 b=2' }], {
      patienceMs: 20,
    });
    merged(['a', '-'], ['-', {}], { patienceMs: Number.POSITIVE_INFINITY, unsub: '50s !' });
    merged(['a', '-'], ['10s (fm)', { f: 'two: ERR_SOURCE_SILENT', m: 'a=1' }]);
  });

  test('when all have spoken nobody waits any more', () => {
    merged(['a|', 'b|'], ['m|', { m: 'a=1 b=2' }], { patienceMs: 20 });
  });

  test('with a retry a stream that errors is opened again, later each time, and named once', () => {
    marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
      const input = cold<ClusterConfig>('-#');
      const out$ = mergeSources([input], { names: ['one'], retry: { initialMs: 1_000_000, maxMs: 1_000_000 } });
      expectObservable(out$.pipe(map(lines)), '3s !').toBe('-f', { f: 'one: ERR_SOURCE_STREAM' });
      expectSubscriptions(input.subscriptions).toBe('^!');
    });
  });

  test('a stream that works again after a retry is merged again, and another failure is another event', async () => {
    let opened = 0;
    const reasons = ['first', 'first', 'second'];
    const input = defer(() => {
      const reason = reasons[opened];
      opened += 1;
      return reason === undefined ? of(values.a ?? {}) : throwError(() => new Error(reason));
    });
    const out$ = mergeSources([input], { names: ['one'], retry: { initialMs: 1, maxMs: 2 } });
    const events = await lastValueFrom(out$.pipe(toArray()));
    expect(events.map(summary)).toEqual([
      'failed one ERR_SOURCE_STREAM the stream failed: first',
      'failed one ERR_SOURCE_STREAM the stream failed: second',
      'loaded a=127.0.0.1:1',
    ]);
    expect(opened).toBe(4);
  });

  test.each([-1, Number.NaN])('a patience of %d is an error', (patienceMs) => {
    expect(() => mergeSources([EMPTY], { patienceMs })).toThrow(OptionsError);
  });
});

describe('what can be merged', () => {
  const all = (...inputs: readonly ConfigsInput[]): Promise<readonly string[]> =>
    lastValueFrom(mergeSources(inputs).pipe(map(lines), toArray()));

  test('events of sources, desired servers, async iterables and Promises together', async () => {
    const loaded: SourceEvent = { type: 'loaded', file: 'x', servers: values.a ?? {}, problems: [] };
    const iterate = async function* () {
      yield values.b ?? {};
    };
    const d: ClusterConfig = { d: server(4) };
    expect((await all(of(loaded), iterate(), Promise.resolve(d))).at(-1)).toBe('a=1 b=2 d=4');
  });

  test('a Promise that rejects is a failure of that source alone', async () => {
    expect(await all(Promise.reject(new Error('no')), of(values.a ?? {}))).toEqual([
      'source 1: ERR_SOURCE_STREAM',
      'a=1',
    ]);
  });

  test('what is no configuration at all is a failure', async () => {
    const odd = [null, undefined, 5, [], 'a'].map((value) => of<ClusterConfig>(value as never));
    expect(await all(...odd)).toEqual(odd.map((_, index) => `source ${index + 1}: ERR_CONFIG`));
  });

  test('commit and strategy are those of the last source that names them', async () => {
    const event = (part: Partial<Extract<SourceEvent, { type: 'loaded' }>>): SourceEvent => ({
      type: 'loaded',
      file: 'x',
      servers: {},
      problems: [],
      ...part,
    });
    const merged$ = mergeSources([
      of(event({ commit: 'independent', strategy: 'stop-then-start' })),
      of(event({ strategy: 'hot-swap' })),
      of(event({})),
    ]);
    expect(await lastValueFrom(merged$)).toMatchObject({ commit: 'independent', strategy: 'hot-swap' });
  });

  test('with independent commits what stays behind is named once, and not when a later source replaces it', async () => {
    const bad = { listen: 'nowhere', routes: [] };
    const problem = { code: 'ERR_CONFIG', file: 'x', message: 'bad', hint: 'mend it', server: 'bad' } as const;
    const first: SourceEvent = {
      type: 'loaded',
      file: 'x',
      servers: { bad },
      commit: 'independent',
      problems: [problem],
    };
    expect((await lastValueFrom(mergeSources([of(first)]))).problems).toEqual([problem]);
    expect((await lastValueFrom(mergeSources([of(first), of({ bad: server(5) })]))).problems).toEqual([]);
  });

  test('the id __proto__ is refused as one', async () => {
    const odd: ClusterConfig = JSON.parse('{"__proto__": {"listen": ":1", "routes": []}}');
    expect(await all(of({ type: 'loaded', file: 'x', servers: odd, problems: [] }))).toEqual([
      'merged sources: ERR_CONFIG',
    ]);
  });
});

test('a cluster follows what is merged', async () => {
  const respond = (body: string): ServerConfig => ({
    listen: '127.0.0.1:0',
    routes: [{ path: '/', respond: { body } }],
  });
  const base = of({ web: respond('base'), admin: respond('admin') });
  const cluster = createCluster();
  await cluster.start();
  const following = toConfigs(mergeSources([base, concat(of({ web: respond('over') }), NEVER)])).subscribe(
    cluster.siphon,
  );
  await expect.poll(() => cluster.snapshot.servers.web?.state).toBe('running');
  expect(Object.keys(cluster.snapshot.servers)).toEqual(['web', 'admin']);
  expect(await (await fetch(`${cluster.snapshot.servers.web?.url}`)).text()).toBe('over');
  following.unsubscribe();
  await cluster.stop();
});
