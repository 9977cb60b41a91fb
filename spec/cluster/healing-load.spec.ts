import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClusterConfig, ServerConfig } from '../../lib/config/server-config.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { failures, sum } from '../accounting/tally.ts';
import { addressOf, eventually, rig, running, saying, until } from './fixtures/clusters.ts';

test('twenty restarts of a server that answers nevertheless cost its clients no request', async () => {
  const { cluster, sockets } = await running({
    a: saying('a', '127.0.0.1:0', {
      health: { intervalMs: 10, heal: true, check: () => false },
      restart: { initialMs: 1, maxMs: 1, intensity: 1_000 },
    }),
  });
  const address = (): string => addressOf(cluster, 'a');
  const clients = [
    createAccountingClient({ address, mode: 'keep-alive', connections: 6, rate: 300, limitMs: 10_000 }),
    createAccountingClient({ address, mode: 'fresh', rate: 100, limitMs: 10_000 }),
  ];
  const attempts = sockets.attempts.length;
  for (const client of clients) client.start();
  const { restarts = 0 } = cluster.snapshot.servers.a ?? {};
  await until(cluster, ({ servers }) => (servers.a?.restarts ?? 0) >= restarts + 20, 20_000);
  const report = sum(await Promise.all(clients.map((client) => client.stop())));
  expect(report.written).toBeGreaterThan(50);
  expect({ failed: failures(report), examples: report.examples }).toEqual({ failed: 0, examples: [] });
  expect(report.refused).toBe(0);
  expect(sockets.attempts).toHaveLength(attempts);
});

const IDS = ['a', 'b', 'c'] as const;
type Id = (typeof IDS)[number];

const anyStep = fc.oneof(
  fc.record({ do: fc.constant('turn' as const), id: fc.constantFrom(...IDS), well: fc.boolean() }),
  fc.record({
    do: fc.constant('apply' as const),
    version: fc.nat(2),
    left: fc.subarray([...IDS]),
    off: fc.subarray([...IDS]),
    first: fc.subarray([...IDS]),
  }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('crash' as const), id: fc.constantFrom(...IDS) }),
  fc.record({ do: fc.constant('look' as const), checks: fc.integer({ min: 1, max: 4 }) }),
);

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('whatever happens to servers that fail and recover, they end up well, and nothing is left of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
      const before = timers();
      const well = new Map<Id, boolean>(IDS.map((id) => [id, true]));
      let asked = 0;
      const checks = new Map(
        IDS.map((id) => [
          id,
          () => {
            asked += 1;
            return well.get(id);
          },
        ]),
      );
      const serverOf = (id: Id, version: number, more: Partial<ServerConfig> = {}): ServerConfig => {
        const check = checks.get(id);
        return saying(`${id}${version}`, '127.0.0.1:0', {
          health: { intervalMs: 10, heal: true, ...(check && { check }) },
          restart: { initialMs: 1, maxMs: 4, intensity: 10_000 },
          ...more,
        });
      };
      const all = (version: number): ClusterConfig => Object.fromEntries(IDS.map((id) => [id, serverOf(id, version)]));
      const { cluster, sockets, journal } = rig({ restartDelayMs: 0 });
      await cluster.start();
      await cluster.apply(all(0));
      for (const step of steps) {
        if (step.do === 'turn') well.set(step.id, step.well);
        else if (step.do === 'restart') void cluster.restart();
        else if (step.do === 'crash') {
          const server = cluster.snapshot.servers[step.id];
          if (server?.state === 'running') sockets.crash(server.address);
        } else if (step.do === 'look') {
          const enough = asked + step.checks;
          const looked = (): boolean =>
            asked >= enough || Object.values(cluster.snapshot.servers).every(({ state }) => state !== 'running');
          await eventually(looked);
        } else {
          const { version, left, off, first } = step;
          const entries = left.map((id) => [
            id,
            serverOf(id, version, {
              ...(off.includes(id) ? { disabled: true } : {}),
              ...(first.includes(id) ? { strategy: 'stop-then-start' as const } : {}),
            }),
          ]);
          void cluster.apply(Object.fromEntries(entries));
        }
      }
      for (const id of IDS) well.set(id, true);
      expect((await cluster.apply(all(9))).status).toMatch(/committed|unchanged/);
      await until(cluster, ({ servers, degraded, state }) => {
        return !degraded && state === 'Running' && IDS.every((id) => servers[id]?.health?.status === 'ok');
      });
      await cluster.stop({ drainTimeoutMs: 0 });
      expect(sockets.open).toEqual([]);
      const last = asked;
      await eventually(() => timers() <= before);
      expect(asked).toBe(last);
      expect(journal.lines.filter((line) => line.includes('defect'))).toEqual([]);
    }),
    { numRuns: 20 },
  );
}, 60_000);
