import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { ClusterState } from '../../lib/cluster/cluster-state.ts';
import { isTransition } from '../../lib/cluster/cluster-state.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { ask } from './fixtures/asking.ts';
import { saying } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';
import { createSockets, type Fault, listening } from './fixtures/sockets.ts';

const IDS = ['a', 'b', 'c'] as const;

const strategy = fc.constantFrom('hot-swap' as const, 'stop-then-start' as const);
const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ type: 'start' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('stop' as const), drainTimeoutMs: fc.constantFrom(0, 20, 200) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('push' as const),
      ids: fc.subarray([...IDS]),
      word: fc.nat({ max: 3 }),
      strategy,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'nonsense' as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const), id: fc.constantFrom(...IDS) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('fault' as const),
      kind: fc.constantFrom<Fault>('none', 'refuse', 'hang'),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'complete' as const }, { type: 'fail' as const }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 4 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const options = fc.record({
  siphonBuffer: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
  commit: fc.constantFrom('atomic' as const, 'independent' as const),
  stopOnComplete: fc.boolean(),
  /** What a subscriber does when it is told of a state. */
  reaction: fc.option(
    fc.record({
      on: fc.constantFrom<ClusterState>('Booting', 'Running', 'Reloading', 'Stopping', 'Stopped'),
      act: fc.constantFrom('start' as const, 'stop' as const, 'push' as const),
    }),
  ),
});

const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('whatever is done in whatever order: everything settles, states are legal, nothing stays behind', async () => {
  const before = await listening();
  const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), options, async (steps, how) => {
    const sockets = createSockets();
    const { reaction, ...rest } = how;
    const cluster = createCluster({
      ...rest,
      listeners: sockets.listeners,
      logger: createJournal(),
      startTimeoutMs: 30,
      restartDelayMs: 1,
    });
    const lives: ClusterState[][] = [];
    const pending: Promise<unknown>[] = [];
    const outcomes: Promise<Outcome>[] = [];
    let reactions = 3;
    let round = 0;

    const push = (ids: readonly string[], word: number, by: 'hot-swap' | 'stop-then-start'): void => {
      round += 1;
      const restart = { initialMs: 1, maxMs: 2 };
      const config = Object.fromEntries(
        ids.map((id) => [id, saying(`${id} ${word}`, '127.0.0.1:0', { strategy: by, restart })]),
      );
      outcomes.push(cluster.apply(config));
    };
    const watch = (): void => {
      const states: ClusterState[] = [];
      lives.push(states);
      cluster.state$.subscribe({
        next: (state) => {
          states.push(state);
          if (reaction === null || state !== reaction.on || reactions === 0) return;
          reactions -= 1;
          if (reaction.act === 'start') pending.push(cluster.start());
          if (reaction.act === 'stop') pending.push(cluster.stop({ drainTimeoutMs: 20 }));
          if (reaction.act === 'push') push(['a', 'b'], 9, 'hot-swap');
        },
        // The next life has streams of its own.
        complete: () => queueMicrotask(() => cluster.snapshot.state !== 'Stopped' && watch()),
      });
    };
    const take = async (next: Step): Promise<void> => {
      if (next.type === 'start') pending.push(cluster.start());
      if (next.type === 'stop') pending.push(cluster.stop({ drainTimeoutMs: next.drainTimeoutMs }));
      if (next.type === 'push') push(next.ids, next.word, next.strategy);
      if (next.type === 'nonsense') outcomes.push(cluster.apply(Object.assign({ a: 5 })));
      if (next.type === 'fault') sockets.fault(() => next.kind);
      if (next.type === 'complete') cluster.siphon.complete();
      if (next.type === 'fail') cluster.siphon.error(new Error('source'));
      if (next.type === 'wait') await turns(next.turns);
      const address = next.type === 'crash' ? cluster.snapshot.servers[next.id]?.address : undefined;
      if (address !== undefined && sockets.open.includes(address)) sockets.crash(address);
    };

    watch();
    for (const next of steps) await take(next);
    sockets.heal();
    reactions = 0;

    // Whatever state it is in, it can be started and told what to run, and then it runs that.
    // A life of its own: the last one may be about to end with its source.
    await cluster.start();
    await cluster.stop({ drainTimeoutMs: 0 });
    await cluster.start();
    let last: Outcome;
    do {
      last = await cluster.apply({ a: saying(`last ${round}`) });
      if (last.status === 'cancelled') await cluster.start();
    } while (last.status === 'cancelled' || last.status === 'superseded');
    expect(last.status).toBe('committed');
    expect(await ask(cluster.snapshot.servers.a?.address ?? '')).toBe(`last ${round}`);
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false });

    await Promise.all(pending);
    const revisions = (await Promise.all(outcomes)).map(({ revision }) => revision);
    expect(new Set(revisions).size).toBe(revisions.length);
    await cluster.stop({ drainTimeoutMs: 0 });
    expect(cluster.snapshot).toMatchObject({ state: 'Stopped', draining: [] });
    expect(sockets.open).toEqual([]);
    for (const states of lives) {
      const steps = states.slice(1).map((state, index) => [states[index] ?? 'New', state] as const);
      expect(steps.filter(([from, to]) => !isTransition(from, to))).toEqual([]);
    }
  });
  await fc.assert(property, { numRuns: 80 });
  expect(await listening()).toBe(before);
});
