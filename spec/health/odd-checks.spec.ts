import { firstValueFrom, skip } from 'rxjs';
import { expect, test } from 'vitest';
import { healthSettingsOf } from '../../lib/config/health-settings.ts';
import { monitor, type RunCheck } from '../../lib/health/monitor.ts';
import type { HealthState } from '../../lib/health/thresholds.ts';

/** The state after one check. */
const found = (check: RunCheck): Promise<HealthState> =>
  firstValueFrom(monitor(check, healthSettingsOf({ timeoutMs: 1_000 })).pipe(skip(1)));

const own = new TypeError('my own words');

const raise = (error: Error): never => {
  throw error;
};

type Then = (settle: (value: unknown) => void, fail: (thrown: unknown) => void) => unknown;

const thenable = (then: Then): object => ({ then });

test.each<[string, RunCheck]>([
  ['resolves to a promise that rejects', () => thenable((settle) => settle(Promise.reject(own)))],
  ['resolves to a thenable that throws', () => thenable((settle) => settle(thenable(() => raise(own))))],
  [
    'is a function that rejects',
    () =>
      Object.assign(
        () => true,
        thenable((_, fail) => fail(own)),
      ),
  ],
])('a server is not well when what its check returns %s', async (_, check) => {
  expect((await found(check)).error).toBe(own);
});

test('a server is well when a thenable says so first, whatever else it says', async () => {
  const check: RunCheck = () =>
    thenable((settle, fail) => {
      settle(1);
      fail(own);
      settle(false);
    });
  expect(await found(check)).toMatchObject({ status: 'warn', rising: true, error: undefined });
});

test('what a check throws may be anything, even what cannot be looked at', async () => {
  const hidden = new Proxy({}, { getPrototypeOf: () => raise(own), get: () => raise(own) });
  const state = await found(() => {
    throw hidden;
  });
  expect(state).toMatchObject({ status: 'down', checks: 1, message: 'an exception without a text' });
  expect(state.error).toMatchObject({ code: 'ERR_HEALTH_CHECK' });
  expect(state.error?.cause).toBe(hidden);
});
