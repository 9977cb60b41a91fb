import { describe, expect, test } from 'vitest';
import { isAmiss, mergeDraining, mergeServer, type WorkerServer } from '../../lib/worker-cluster/merge.ts';
import type { ServerReport } from '../../lib/worker-cluster/messages.ts';
import { spec as specOf } from '../cluster/fixtures/specs.ts';

const spec = specOf('a');
const at = { address: '127.0.0.1:80', url: 'http://127.0.0.1:80' };

const report = (more: Partial<ServerReport> = {}): ServerReport => ({
  state: 'running',
  ...at,
  since: 1_000,
  connections: 2,
  inFlight: 1,
  restarts: 0,
  ...more,
});

const workers = (...reports: readonly ServerReport[]): readonly WorkerServer[] =>
  reports.map((one, slot) => ({ slot, pid: 100 + slot, report: one }));

const merged = (...reports: readonly ServerReport[]) => mergeServer(spec, workers(...reports), 5_000, at);

describe('one server in all workers', () => {
  test('has the numbers of all, and runs since the last of them does', () => {
    expect(merged(report(), report({ since: 3_000, restarts: 2 }))).toMatchObject({
      state: 'running',
      connections: 4,
      inFlight: 2,
      restarts: 2,
      since: 3_000,
      uptimeMs: 2_000,
    });
  });

  test.each([
    ['failed', ['running', 'failed']],
    ['starting', ['running', 'starting']],
    ['failed', ['starting', 'failed']],
    ['draining', ['running', 'draining']],
  ] as const)('is %s when they are %j', (state, states) => {
    expect(merged(...states.map((one) => report({ state: one })))).toMatchObject({ state, uptimeMs: 0 });
  });

  test('is starting where no worker has told of it yet', () => {
    expect(merged()).toMatchObject({ state: 'starting', connections: 0, ...at });
  });

  test('names the worker in which it does not run', () => {
    const error = { name: 'Error', message: 'broken', code: 'ERR_X', hint: 'mend it' };
    const broken = report({ state: 'failed', error });
    expect(merged(report(), broken).error).toMatchObject({
      message: 'in worker 1 (process 101): broken',
      slot: 1,
      hint: 'mend it',
      cause: { code: 'ERR_X' },
    });
    expect([isAmiss(report()), isAmiss(broken)]).toEqual([false, true]);
  });

  test('is as unwell as the worst, and has the certificate that ends first', () => {
    const health = {
      status: 'ok' as const,
      rising: false,
      falling: false,
      message: '',
      checks: 1,
      latencyMs: 1,
      since: 0,
      uptimeMs: 0,
      downtimeMs: 0,
      riseTimeMs: 0,
      fallTimeMs: 0,
    };
    const tls = { state: 'valid' as const, names: ['x'], validTo: 9, fingerprint: 'f', failedHandshakes: 1 };
    const down = { ...health, status: 'down' as const };
    const server = merged(report({ health, tls }), report({ health: down, tls: { ...tls, validTo: 8 } }));
    expect(server.health).toEqual(down);
    expect(server.tls).toMatchObject({ validTo: 8, failedHandshakes: 2 });
    expect(isAmiss(report({ health: down }))).toBe(true);
  });
});

test('generations that drain are summed up by server and address', () => {
  const one = { server: 'a', address: ':80', connections: 1, since: 10 };
  expect(mergeDraining([one, { ...one, connections: 2, since: 5 }, { ...one, address: ':81' }])).toEqual([
    { ...one, connections: 3, since: 5 },
    { ...one, address: ':81' },
  ]);
});
