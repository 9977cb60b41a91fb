import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../lib/config/errors.ts';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import { crowdWarning, settingsOf } from '../../lib/workers/settings.ts';

const surroundings = {
  env: {},
  argv: ['node', '/srv/app/current/main.js'],
  execArgv: ['--import', 'x', '--inspect=9229', '--inspect-brk', '--enable-source-maps'],
  cpus: () => ({ available: 4, physical: 2 }),
};

const settings = (options: object) => {
  const given: WorkersOptions = Object.assign({ port: 3000 }, options);
  return settingsOf(given, surroundings);
};

const refusal = (make: () => unknown): unknown => {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
};

test('everything but the port has a default', () => {
  const { logger, env, args, ...rest } = settings({});
  expect(rest).toEqual({
    name: 'workers',
    script: '/srv/app/current/main.js',
    count: 4,
    port: 3000,
    sharing: 'shared',
    respawn: 'always',
    shutdownTimeoutMs: 15_000,
    startupDelayMs: 100,
    respawnDelayMs: 100,
    backoff: { factor: 1, maxMs: 15_000, jitter: 0, resetAfterMs: 5_000 },
    crashWindowMs: 5_000,
    maxCrashes: 3,
    coolDownMs: 60_000,
    maxIntensity: 0,
    intensityPeriodMs: 60_000,
    readyTimeoutMs: 30_000,
    surge: 2,
    minAvailable: undefined,
    spares: 0,
    preload: [],
    heartbeatMs: 500,
    heartbeatTimeoutMs: 2_500,
    maxMemoryBytes: 0,
    maxAgeMs: 0,
    maxAgeJitter: 0.1,
    execArgv: ['--import', 'x', '--enable-source-maps'],
    onStart: undefined,
    onExit: undefined,
    signal: undefined,
    commonEnv: {},
    warnings: [],
  });
  expect(Object.keys(logger).sort()).toEqual(['debug', 'error', 'info', 'warn']);
  expect([env(0), args(0)]).toEqual([{}, []]);
});

test('0 is none, and no default', () => {
  const none = {
    port: 0,
    shutdownTimeoutMs: 0,
    startupDelayMs: 0,
    respawnDelayMs: 0,
    maxCrashes: 0,
    coolDownMs: 0,
    readyTimeoutMs: 0,
    minAvailable: 0,
    heartbeatMs: 0,
    heartbeatTimeoutMs: 0,
  };
  expect(settings(none)).toMatchObject(none);
});

test.each([
  [true, 'always'],
  [false, 'never'],
  ['on-failure', 'on-failure'],
])('respawn: %s is %s', (respawn, policy) => {
  expect(settings({ respawn }).respawn).toBe(policy);
});

test('without types, missing options and a missing port are refused', () => {
  const make = (options?: unknown) => () => Reflect.apply(settingsOf, undefined, [options, surroundings]);
  expect(refusal(make())).toMatchObject({ code: 'ERR_OPTIONS', message: 'options must be an object' });
  expect(refusal(make({}))).toMatchObject({ code: 'ERR_OPTIONS', option: 'port' });
});

describe('refused with the name of the option', () => {
  const ms = [-1, 0.5, Number.NaN, 2 ** 31, '5', Number.POSITIVE_INFINITY];
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['port', [-1, 65_536, 1.5, '80', null]],
    ['count', [0, -1, 1.5, 'all', '4']],
    ['name', ['', 5]],
    ['script', ['', 5, 'file://host/%', 'https://x/y.js', 'data:text/javascript,1', new URL('http://127.0.0.1/')]],
    ['sharing', ['both', 1]],
    ['respawn', ['sometimes', 1]],
    ['shutdownTimeoutMs', ms],
    ['startupDelayMs', ms],
    ['respawnDelayMs', ms],
    ['crashWindowMs', ms],
    ['coolDownMs', ms],
    ['readyTimeoutMs', ms],
    ['heartbeatMs', ms],
    ['maxAgeMs', ms],
    ['maxCrashes', [-1, 1.5, '3']],
    ['maxIntensity', [-1, 1.5]],
    ['surge', [0, -1, 1.5]],
    ['spares', [-1, 0.5]],
    ['minAvailable', [-1, 0.5, 5, '1']],
    ['maxAgeJitter', [-0.1, 1.1, Number.NaN]],
    ['maxMemoryBytes', [-1, 0.5]],
    ['backoff', [5, 'x']],
    ['preload', ['x', [5]]],
    ['execArgv', ['--x', [5]]],
    ['args', ['x', [5]]],
    ['env', [5, null, []]],
    ['onStart', [5, 'x']],
    ['onExit', [{}]],
    ['logger', [{}, 5]],
    ['signal', [{}, 5]],
  ];
  for (const [option, values] of cases) {
    test(option, () => {
      for (const value of values) {
        const error = refusal(() => settings({ [option]: value }));
        expect(error, `${option}: ${String(value)}`).toBeInstanceOf(OptionsError);
        expect(error).toMatchObject({ option });
      }
    });
  }

  test('options there are not, with the nearest that there is', () => {
    expect(refusal(() => settings({ respwan: true }))).toMatchObject({
      message: 'respwan is no option; did you mean respawn?',
    });
    expect(refusal(() => settings({ backoff: { faktor: 2 } }))).toMatchObject({
      message: 'faktor is no option; did you mean factor?',
    });
  });

  test('fields of backoff and env', () => {
    expect(refusal(() => settings({ backoff: { factor: 0.5 } }))).toMatchObject({ option: 'backoff.factor' });
    expect(refusal(() => settings({ env: { PORT: 80 } }))).toMatchObject({ option: 'env.PORT' });
  });

  test('what cannot work together', () => {
    expect(refusal(() => settings({ heartbeatMs: 500, heartbeatTimeoutMs: 500 }))).toMatchObject({
      message: 'heartbeatTimeoutMs must be longer than heartbeatMs, which is 500',
    });
    expect(refusal(() => settings({ heartbeatMs: 0, maxMemoryBytes: 1e9 }))).toMatchObject({ option: 'heartbeatMs' });
    expect(refusal(() => settings({ count: 2, minAvailable: 3 }))).toMatchObject({
      message: 'minAvailable must be at most the count, which is 2, not 3',
    });
  });

  test('a script when this process runs none', () => {
    const make = () => settingsOf({ port: 1 }, { ...surroundings, argv: ['node'] });
    expect(refusal(make)).toMatchObject({ option: 'script' });
  });
});

test('every number of milliseconds that a timer can count is kept', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (ms) => {
      expect(settings({ respawnDelayMs: ms }).respawnDelayMs).toBe(ms);
    }),
  );
});

describe('modules', () => {
  test('are paths from the working directory, or file URLs', () => {
    expect(settings({ script: 'server.js' }).script).toBe(resolve('server.js'));
    expect(settings({ script: pathToFileURL('/srv/a b.js') }).script).toBe('/srv/a b.js');
    expect(settings({ script: 'file:///srv/a%20b.js' }).script).toBe('/srv/a b.js');
    expect(settings({ preload: ['./app.js', new URL('file:///srv/db.js')] }).preload).toEqual([
      resolve('app.js'),
      '/srv/db.js',
    ]);
  });
});

describe('what slots are given', () => {
  test('may be the same for all, or of each', () => {
    const same = settings({ env: { A: '1', B: undefined }, args: ['--x'] });
    expect([same.env(0), same.env(3), same.args(1)]).toEqual([
      { A: '1', B: undefined },
      { A: '1', B: undefined },
      ['--x'],
    ]);
    const own = settings({ env: (slot: number) => ({ SLOT: `${slot}` }), args: (slot: number) => [`--slot=${slot}`] });
    expect([own.env(2), own.args(2)]).toEqual([{ SLOT: '2' }, ['--slot=2']]);
  });

  test('is looked at when it is asked for, if a function decides', () => {
    const { env, args } = settings({ env: () => 5, args: () => [5] });
    expect(refusal(() => env(0))).toMatchObject({ option: 'env' });
    expect(refusal(() => args(0))).toMatchObject({ option: 'args' });
  });
});

describe('how many', () => {
  test('WEB_CONCURRENCY wins over words, and a number over it', () => {
    const env = { WEB_CONCURRENCY: '3' };
    const count = (wanted?: number | 'physical') =>
      settingsOf({ port: 0, ...(wanted !== undefined && { count: wanted }) }, { ...surroundings, env }).count;
    expect([count(), count('physical'), count(5)]).toEqual([3, 3, 5]);
  });

  test('more than two for each CPU are warned of', () => {
    expect(settings({ count: 8 }).warnings).toEqual([]);
    expect(settings({ count: 9 }).warnings).toMatchObject([
      { code: 'WARN_MANY_WORKERS', message: '9 workers share 4 CPUs' },
    ]);
    expect(crowdWarning(3, () => ({ available: 1, physical: 1 }))?.message).toBe('3 workers share 1 CPU');
  });
});
