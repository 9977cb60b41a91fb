import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { workerClusterOptions, workerClusterSettingsOf } from '../../lib/worker-cluster/settings.ts';

test('everything has a default', () => {
  const { cluster, workers, agent, prepareTimeoutMs } = workerClusterSettingsOf({});
  expect(cluster).toMatchObject({ name: 'cluster', strategy: 'hot-swap', commit: 'atomic', siphonBuffer: 1 });
  expect(workers).toMatchObject({ name: 'cluster workers', port: 0 });
  expect(agent).toEqual({
    name: 'cluster',
    strategy: 'hot-swap',
    restartDelayMs: 10,
    startTimeoutMs: 10_000,
    shutdownTimeoutMs: 35_000,
    baseDir: process.cwd(),
  });
  expect(prepareTimeoutMs).toBe(30_000);
});

test('options go to whom they are about; undefined is not there', () => {
  const { workers, agent } = workerClusterSettingsOf({ count: 3, env: { A: '1' }, spares: 1, shutdownTimeoutMs: 0 });
  expect(workers).toMatchObject({ count: 3, env: { A: '1' }, spares: 1, shutdownTimeoutMs: 0 });
  expect(Object.keys(workers)).not.toContain('maxAgeMs');
  expect(agent.shutdownTimeoutMs).toBe(0);
});

test('the module of code is found from the base directory, or by its URL', () => {
  const path = join(process.cwd(), 'some/where/code.ts');
  expect(workerClusterSettingsOf({ baseDir: 'some/where', code: 'code.ts' }).agent.code).toBe(path);
  expect(workerClusterSettingsOf({ code: pathToFileURL(path) }).agent.code).toBe(path);
  expect(workerClusterSettingsOf({ code: pathToFileURL(path).href }).agent.code).toBe(path);
});

describe('what cannot be worked with is refused', () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ prepareTimeoutMs: 0 }, 'prepareTimeoutMs'],
    [{ prepareTimeoutMs: 1.5 }, 'prepareTimeoutMs'],
    [{ code: '' }, 'code'],
    [{ code: new URL('https://example.com/code.js') }, 'code'],
    [{ startTimeoutMs: -1 }, 'startTimeoutMs'],
    [{ listeners: () => {} }, 'listeners'],
    [{ script: 'x.js' }, 'script'],
  ];
  test.each(wrong)('%j', (options, option) => {
    expect(() => workerClusterSettingsOf(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS', option }));
  });
});

test('every option is known once', () => {
  expect(new Set(workerClusterOptions).size).toBe(workerClusterOptions.length);
});
