import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import type { ClusterConfig, CommitMode, ServerConfig } from '../../lib/config/server-config.ts';
import { ask, askAll } from './fixtures/asking.ts';
import { calm, rig, saying, until } from './fixtures/clusters.ts';
import { freePorts } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

const IDS = ['a', 'b', 'c', 'd'] as const;

/** Four ports on the loopback interface, two of them on all interfaces as well, and a free one. */
const PLACES = 7;
const place = fc.nat({ max: PLACES - 1 });

const entry = fc.record({
  place,
  word: fc.nat({ max: 2 }),
  strategy: fc.constantFrom('hot-swap' as const, 'stop-then-start' as const),
  /** Whether it depends on everybody who stands before it. */
  isLast: fc.boolean(),
});
const push = fc.record({
  type: fc.constant('push' as const),
  servers: fc.uniqueArray(fc.tuple(fc.constantFrom(...IDS), entry), { selector: ([id]) => id, maxLength: 4 }),
  /** Places at which the first attempt to bind is refused. */
  faults: fc.uniqueArray(place, { maxLength: 2 }),
  /** Whether those who left are waited for before the next act. */
  calm: fc.boolean(),
});
const crash = fc.record({ type: fc.constant('crash' as const), id: fc.constantFrom(...IDS) });
const acts = fc.array(fc.oneof({ weight: 4, arbitrary: push }, { weight: 1, arbitrary: crash }), {
  minLength: 3,
  maxLength: 8,
});

interface Entry {
  readonly place: number;
  readonly word: number;
  readonly strategy: 'hot-swap' | 'stop-then-start';
  readonly isLast: boolean;
}

/** The reference: what should answer where, by id; `up` says whether it can. */
type Model = ReadonlyMap<string, { readonly config: ServerConfig; readonly up: boolean }>;

const after = (before: Model, desired: ClusterConfig, outcome: Outcome): Model => {
  const down = new Map([...before].map(([id, one]) => [id, { ...one, up: false }]));
  if (outcome.status === 'rolledBack') {
    const lost = new Set(outcome.unrestored.map(({ server }) => server));
    return new Map([...before].map(([id, one]) => [id, lost.has(id) ? (down.get(id) ?? one) : one]));
  }
  if (outcome.status !== 'committed') return before;
  const behind = new Set(outcome.refused.map(({ server }) => server));
  const ahead = Object.entries(desired).flatMap(([id, config]) =>
    config === null || behind.has(id) ? [] : [[id, { config, up: true }] as const],
  );
  const kept = [...before].filter(([id]) => behind.has(id));
  return new Map([...ahead, ...kept]);
};

const bodyOf = ({ routes }: ServerConfig): string => {
  const [route] = routes ?? [];
  return route !== undefined && 'respond' in route ? (route.respond.body ?? '') : '';
};
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

/** A config of those servers that are in nobody's way. */
const configOf = (servers: readonly (readonly [string, Entry])[], places: readonly string[]): ClusterConfig => {
  const taken = new Set<string>();
  const config: Record<string, ServerConfig> = {};
  for (const [id, { place, word, strategy, isLast }] of servers) {
    const at = places[place] ?? '';
    if (portOf(at) !== '0' && taken.has(portOf(at))) continue;
    taken.add(portOf(at));
    const dependsOn = isLast ? Object.keys(config) : [];
    const restart = { initialMs: 1, maxMs: 1, intensity: 100 };
    config[id] = saying(`${id} ${word}`, at, { strategy, dependsOn, restart });
  }
  return config;
};

for (const commit of ['atomic', 'independent'] as const satisfies readonly CommitMode[]) {
  test(`${commit}: after any configs, failures and crashes exactly what should answer answers`, async () => {
    const before = await listening();
    const ports = await freePorts(4);
    const places = [
      ...ports.map((port) => `127.0.0.1:${port}`),
      ...ports.slice(0, 2).map((port) => `0.0.0.0:${port}`),
      '127.0.0.1:0',
    ];
    const property = fc.asyncProperty(acts, async (script) => {
      const { cluster, sockets } = rig({ commit, restartDelayMs: 0 });
      let model: Model = new Map();
      /** Addresses whose bind was refused in the last commit. */
      let refused: string[] = [];

      const compare = async (): Promise<void> => {
        const { servers } = cluster.snapshot;
        expect(Object.keys(servers).sort()).toEqual([...model.keys()].sort());
        for (const [id, { config, up }] of model) {
          const server = servers[id];
          expect(server?.state).toBe(up ? 'running' : 'failed');
          const address = (server?.address ?? '').replace('0.0.0.0', '127.0.0.1');
          if (portOf(config.listen) !== '0') expect(portOf(address)).toBe(portOf(config.listen));
          if (up) expect(await ask(address)).toBe(bodyOf(config));
        }
        if ([...model.values()].some(({ up }) => !up)) expect(cluster.snapshot.degraded).toBe(true);
        else if (model.size > 0) expect(cluster.snapshot.state).toBe('Running');
      };

      await cluster.start();
      for (const next of script) {
        if (next.type === 'crash') {
          sockets.heal();
          const server = cluster.snapshot.servers[next.id];
          if (server?.state !== 'running') continue;
          sockets.crash(server.address);
          await until(cluster, ({ servers }) => servers[next.id]?.state === 'running');
        } else {
          const config = configOf(next.servers, places);
          const faulty = new Set(next.faults.map((index) => places[index]));
          refused = [];
          sockets.fault((address) => {
            if (!faulty.delete(address)) return 'none';
            refused.push(address);
            return 'refuse';
          });
          const outcome = await cluster.apply(config);
          if (refused.length === 0) expect(['committed', 'unchanged']).toContain(outcome.status);
          else if (commit === 'atomic') expect(outcome.status).toBe('rolledBack');
          model = after(model, config, outcome);
          // A server that stays behind may have been stopped first and not have got its address back.
          for (const { server } of outcome.status === 'committed' ? outcome.refused : []) {
            const one = model.get(server);
            if (one === undefined || cluster.snapshot.servers[server]?.state === 'running') continue;
            expect(one.up && !refused.includes(one.config.listen) && portOf(one.config.listen) !== '0').toBe(false);
            model = new Map([...model, [server, { ...one, up: false }]]);
          }
          if (next.calm) await calm(cluster);
        }
        await compare();
      }

      await calm(cluster);
      await compare();
      const answering = Object.values(cluster.snapshot.servers).filter(({ state }) => state === 'running');
      expect([...sockets.open].sort()).toEqual(answering.map(({ address }) => address).sort());
      const reachable = new Set(answering.map(({ address }) => portOf(address)));
      const idle = ports.filter((port) => !reachable.has(`${port}`)).map((port) => `127.0.0.1:${port}`);
      expect(Object.values(await askAll(idle))).toEqual(idle.map(() => 'no answer: ECONNREFUSED'));
      sockets.heal();
      await cluster.stop({ drainTimeoutMs: 0 });
      expect(sockets.open).toEqual([]);
    });
    await fc.assert(property, { numRuns: 15 });
    expect(await listening()).toBe(before);
  });
}
