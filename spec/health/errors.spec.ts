import { expect, test } from 'vitest';
import { HealthCheckError, type HealthCheckErrorCode } from '../../lib/health/errors.ts';

test('a failed check has a name, a code and a cause', () => {
  const cause = new Error('why');
  const error = new HealthCheckError('ERR_HEALTH_REFUSED', 'nobody listens on :80', { cause });
  expect(error).toMatchObject({ name: 'HealthCheckError', code: 'ERR_HEALTH_REFUSED', cause });
  expect(String(error)).toBe('HealthCheckError: nobody listens on :80');
});

test.each<[HealthCheckErrorCode, string | undefined]>([
  ['ERR_HEALTH_TIMEOUT', '`health.timeoutMs`'],
  ['ERR_HEALTH_STATUS', '`health.http.status`'],
  ['ERR_HEALTH_BODY', '`health.http.body`'],
  ['ERR_HEALTH_CHECK', undefined],
])('the hint of %s names the setting that decides', (code, named) => {
  const { hint } = new HealthCheckError(code, 'it failed');
  if (named === undefined) expect(hint).toBeUndefined();
  else expect(hint).toContain(named);
});
