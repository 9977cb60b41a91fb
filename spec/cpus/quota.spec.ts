import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quotaOfCfs, quotaOfCpuMax } from '../../lib/cpus/quota.ts';

test.each([
  ['200000 100000\n', 2],
  ['50000 100000', 0.5],
  ['max 100000\n', undefined],
  ['max', undefined],
  ['150000', 1.5],
  ['', undefined],
  ['100000 0', undefined],
  ['0 100000', undefined],
  ['-1 100000', undefined],
])('cpu.max of %j allows %s CPUs', (text, cpus) => {
  expect(quotaOfCpuMax(text)).toBe(cpus);
});

test.each([
  ['150000\n', '100000\n', 1.5],
  ['-1\n', '100000\n', undefined],
  ['', '', undefined],
  ['100000', '0', undefined],
])('a CFS quota of %j in %j allows %s CPUs', (quotaUs, periodUs, cpus) => {
  expect(quotaOfCfs(quotaUs, periodUs)).toBe(cpus);
});

test('whatever stands there, it is a positive number of CPUs or no limit', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[-0-9]{0,20} ?[-0-9]{0,20}$/));
  fc.assert(
    fc.property(text, text, (a, b) => {
      for (const quota of [quotaOfCpuMax(a), quotaOfCfs(a, b)]) {
        expect(quota === undefined || (Number.isFinite(quota) && quota > 0)).toBe(true);
      }
    }),
  );
});
