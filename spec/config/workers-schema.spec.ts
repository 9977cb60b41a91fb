import { describe, expect, test } from 'vitest';
import { codeIssues } from '../../lib/config/code-issues.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { workersSettingsOf } from '../../lib/config/workers-config.ts';
import type { WorkerClusterOptions } from '../../lib/worker-cluster/worker-cluster.ts';

const web = { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body: 'hello' } }] };

const workersOf = (workers: unknown) => {
  const parsed = parseConfigFile({ servers: { web }, workers });
  return parsed.ok ? { workers: parsed.workers } : { issues: parsed.issues };
};

const firstOf = (workers: unknown) =>
  workersOf(workers).issues?.map(({ path, message, hint }) => [path, message, hint]);

describe('the workers of a config file', () => {
  test.each([1, 4, 'auto', 'physical', {}, { count: 'physical', respawn: false, backoff: { factor: 2 } }])(
    '%j are what they are',
    (workers) => {
      expect(workersOf(workers)).toEqual({ workers });
    },
  );

  test('every setting may be given at once', () => {
    const workers = {
      count: 3,
      sharing: 'round-robin',
      respawn: 'on-failure',
      shutdownTimeoutMs: 0,
      startupDelayMs: 0,
      respawnDelayMs: 0,
      backoff: { factor: 2, maxMs: 1_000, jitter: 0.5, resetAfterMs: 1_000 },
      crashWindowMs: 1,
      maxCrashes: 0,
      coolDownMs: 0,
      maxIntensity: 10,
      intensityPeriodMs: 1_000,
      readyTimeoutMs: 1_000,
      prepareTimeoutMs: 1_000,
      surge: 1,
      minAvailable: 3,
      spares: 1,
      preload: ['./app.ts'],
      heartbeatMs: 100,
      heartbeatTimeoutMs: 1_000,
      maxMemoryBytes: 1_000_000_000,
      maxAgeMs: 86_400_000,
      maxAgeJitter: 0.2,
      env: { ROLE: 'worker' },
      execArgv: ['--enable-source-maps'],
      code: './code.ts',
    };
    expect(workersOf(workers)).toEqual({ workers });
  });

  test('there are none unless they are asked for', () => {
    expect(parseConfigFile({ servers: { web } })).not.toHaveProperty('workers');
  });

  test.each([
    [0, '', 'must be a whole number from 1 to 4096'],
    ['many', '', "must be a whole number from 1 to 4096, 'auto' or 'physical', not"],
    [true, '', "'auto' or 'physical', or an object of settings, not true"],
    [null, '', 'or an object of settings, not null'],
    [{ count: 1.5 }, '.count', 'must be a whole number'],
    [{ respawn: 'sometimes' }, '.respawn', "must be 'always', 'on-failure', 'never', true or false"],
    [{ backoff: { factor: 0.5 } }, '.backoff.factor', 'must be a number from 1 to 100, not 0.5'],
    [{ heartbeatMs: 1_000, heartbeatTimeoutMs: 500 }, '.heartbeatTimeoutMs', 'must be more than heartbeatMs (1000)'],
    [{ heartbeatMs: 3_000 }, '.heartbeatTimeoutMs', 'must be more than heartbeatMs (3000), not 2500'],
    [{ count: 2, minAvailable: 3 }, '.minAvailable', 'must be at most count (2), not 3'],
    [{ env: { A: 1 } }, '.env.A', 'must be a text, not 1'],
  ])('%j is refused where it is wrong', (workers, path, message) => {
    expect(firstOf(workers)?.map((issue) => issue.slice(0, 2))).toEqual([
      [`workers${path}`, expect.stringContaining(message)],
    ]);
  });

  test('a setting that is misspelled is named', () => {
    expect(firstOf({ cuont: 2 })).toEqual([['workers.cuont', 'unknown key', "did you mean 'count'?"]]);
    expect(firstOf({ maxAgeMs: '1h' })).toEqual([
      ['workers.maxAgeMs', expect.stringMatching(/^must be a whole number/), 'milliseconds: 3600000'],
    ]);
  });

  test('what they say is what a cluster on workers takes', () => {
    const parsed = parseConfigFile({ servers: { web }, workers: { count: 2 } });
    if (!parsed.ok || parsed.workers === undefined) throw new Error('it was refused');
    const options: WorkerClusterOptions = workersSettingsOf(parsed.workers);
    expect(options).toEqual({ count: 2 });
    expect(workersSettingsOf('auto')).toEqual({ count: 'auto' });
  });
});

describe('a file that asks for workers', () => {
  test('may name code, which they load', () => {
    const servers = {
      web: { listen: ':8080', app: './app.ts' },
      api: { listen: ':8081', routes: [{ path: '/', handler: './api.ts#get', middleware: ['./mw.ts'] }] },
    };
    expect(parseConfigFile({ servers, workers: 2 })).toMatchObject({ ok: true, servers, issues: [] });
    expect(parseConfigFile({ servers }).issues.map(({ path, hint }) => ({ path, hint }))).toEqual([
      { path: 'app', hint: expect.stringContaining("with 'workers' it may name an app") },
      { path: 'routes.0.middleware.0', hint: expect.stringContaining("with 'workers' it may name") },
      { path: 'routes.0.handler', hint: expect.stringContaining("with 'workers' it may name a handler") },
    ]);
  });

  test('cannot hold code, and is told where it does and what to write', () => {
    const handler = () => new Response();
    const parsed = parseConfigFile({
      servers: {
        web: { listen: ':8080', app: handler },
        api: { listen: ':8081', routes: [{ path: '/', handler }] },
        ok: web,
      },
      workers: 'auto',
    });
    expect(parsed.issues.map(({ server, path, message, hint }) => ({ server, path, message, hint }))).toEqual([
      {
        server: 'web',
        path: 'app',
        message: 'is code, which cannot be sent to a worker',
        hint: "name a module, which every worker loads: app: './app.ts'",
      },
      {
        server: 'api',
        path: 'routes.0.handler',
        message: 'is code, which cannot be sent to a worker',
        hint: "name a module, which every worker loads: handler: './handler.ts'",
      },
    ]);
  });

  test('is told of every place, the first 32 of a server, however its parts refer to each other', () => {
    const code = () => {};
    const places = (server: object) => codeIssues({ web: server }).map(({ path }) => path);
    const routes = [{ path: '/', handler: code, middleware: [code, code] }, { handler: code }];
    expect(places({ middleware: [code], routes })).toEqual([
      'middleware.0',
      'routes.0.handler',
      'routes.0.middleware.0',
      'routes.0.middleware.1',
      'routes.1.handler',
    ]);
    expect(places(Array.from({ length: 40 }, () => code))).toHaveLength(32);
    const shared = { handler: code };
    expect(places({ a: shared, b: shared })).toEqual(['a.handler', 'b.handler']);
    const woven: Record<string, unknown> = {};
    Object.assign(woven, { left: woven, right: woven, last: { woven, code } });
    expect(places(woven)).toEqual(['last.code']);
  });

  test('is told what else is wrong with servers that name code', () => {
    const parsed = parseConfigFile({ servers: { web: { listen: 'nowhere', app: './app.ts' } }, workers: 2 });
    expect(parsed.issues).toMatchObject([{ server: 'web', path: 'listen' }]);
  });
});
