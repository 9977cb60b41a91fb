import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { type ClusterOptions, settingsOf } from '../../lib/cluster/options.ts';
import { OptionsError } from '../../lib/config/errors.ts';
import { systemListeners } from '../../lib/listener/listeners.ts';

test('everything has a default', () => {
  const { logger, instruments, ...rest } = settingsOf({});
  expect(rest).toEqual({
    name: 'cluster',
    strategy: 'hot-swap',
    commit: 'atomic',
    siphonBuffer: 1,
    stopOnComplete: false,
    restartDelayMs: 10,
    startTimeoutMs: 10_000,
    shutdownTimeoutMs: 2 ** 31 - 1,
    overrideGlobalObjects: true,
    baseDir: '.',
    listeners: systemListeners,
    signal: undefined,
  });
  expect(instruments.current).toBeUndefined();
  expect(Object.keys(logger).sort()).toEqual(['debug', 'error', 'info', 'warn']);
});

test('what is given is kept', () => {
  const { signal } = new AbortController();
  const given = {
    name: 'edge',
    strategy: 'stop-then-start',
    commit: 'independent',
    siphonBuffer: Number.POSITIVE_INFINITY,
    stopOnComplete: true,
    restartDelayMs: 0,
    startTimeoutMs: 1,
    shutdownTimeoutMs: 0,
    overrideGlobalObjects: false,
    signal,
  } as const satisfies ClusterOptions;
  expect(settingsOf(given)).toMatchObject(given);
});

describe('refused with the name of the option', () => {
  const cases: readonly (readonly [keyof ClusterOptions, readonly unknown[]])[] = [
    ['siphonBuffer', [0, -1, 1.5, Number.NaN, '1', Number.NEGATIVE_INFINITY]],
    ['restartDelayMs', [-1, 0.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY, '5']],
    ['startTimeoutMs', [-1, 2 ** 31, Number.NaN]],
    ['shutdownTimeoutMs', [-1, 2 ** 31, Number.NaN]],
    ['strategy', ['hot', '', 1]],
    ['commit', ['both', '', 1]],
    ['signal', [null, {}, 'now', { aborted: true }]],
  ];
  for (const [option, values] of cases) {
    test(option, () => {
      for (const value of values) {
        const make = () => createCluster(Object.assign({}, { [option]: value }));
        expect(make, String(value)).toThrow(OptionsError);
        try {
          make();
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_OPTIONS', name: 'OptionsError', option });
        }
      }
    });
  }
});

test.each([
  [{ comit: 'independent' }, 'comit is no option; did you mean commit?'],
  [{ workers: 2 }, 'workers is no option; there are name, strategy'],
  [{ name: 5 }, 'name must be a text'],
  [{ logger: {} }, 'logger must be an object with error, warn, info, debug'],
  [null, 'options must be an object'],
])('without types %j is refused in words', (options, message) => {
  expect(() => Reflect.apply(createCluster, undefined, [options])).toThrow(message);
});

test('no limit can be written', () => {
  expect(settingsOf({ shutdownTimeoutMs: Number.POSITIVE_INFINITY }).shutdownTimeoutMs).toBe(2 ** 31 - 1);
});
