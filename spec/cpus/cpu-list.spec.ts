import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowedCpus, parseCpuList } from '../../lib/cpus/cpu-list.ts';

test.each([
  ['0\n', [0]],
  ['0-3,6-7\n', [0, 1, 2, 3, 6, 7]],
  ['6-7,0-3', [0, 1, 2, 3, 6, 7]],
  ['0,0-1,1', [0, 1]],
  [' 2 , 4 ', [2, 4]],
  ['', []],
  ['\n', []],
  ['3-1', []],
  ['-1', []],
  ['all', []],
  ['1,x,3', [1, 3]],
  ['999999999999', []],
])('%j names the CPUs %j', (text, cpus) => {
  expect(parseCpuList(text)).toEqual(cpus);
});

test('every set of CPUs is read back from the way the kernel writes it', () => {
  const runs = (cpus: readonly number[]): string => {
    const parts: string[] = [];
    for (let at = 0; at < cpus.length; at += 1) {
      const first = at;
      while (cpus[at + 1] === (cpus[at] ?? 0) + 1) at += 1;
      parts.push(first === at ? `${cpus[at]}` : `${cpus[first]}-${cpus[at]}`);
    }
    return `${parts.join(',')}\n`;
  };
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300)), (cpus) => {
      const sorted = cpus.toSorted((a, b) => a - b);
      expect(parseCpuList(runs(sorted))).toEqual(sorted);
    }),
  );
});

test('no text makes it throw, or name more CPUs than a kernel can have', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9,-]*$/)), (text) => {
      expect(parseCpuList(text).length).toBeLessThanOrEqual(65_536);
    }),
  );
});

test('the CPUs that are allowed stand in one line of many', () => {
  expect(allowedCpus('Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed_list:\t5\n')).toEqual([
    0, 1,
  ]);
  expect(allowedCpus('Name:\tnode\n')).toBeUndefined();
});
