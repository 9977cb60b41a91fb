import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CpuFacts, countCpus } from '../../lib/cpus/count-cpus.ts';
import { readFacts } from '../../lib/cpus/read-facts.ts';
import { allowed, cpuinfo, type FileTree, groupV1, groupV2, online, readTree, topology } from './file-tree.ts';

const count = (tree: FileTree, parallelism: number, rounding?: 'floor' | 'ceil') =>
  countCpus(readFacts(readTree(tree), parallelism), rounding);

/** One entry per CPU from 0. */
const cpus = <T>(amount: number, files: (cpu: number) => T): Record<number, T> =>
  Object.fromEntries(Array.from({ length: amount }, (_, cpu) => [cpu, files(cpu)]));

const all = (amount: number): FileTree => ({ ...online(`0-${amount - 1}`), ...allowed(`0-${amount - 1}`) });

test('8 CPUs of one package, core ids 0 to 3 each twice, are 4 cores', () => {
  const files = topology(cpus(8, (cpu) => ({ physical_package_id: 0, core_id: cpu % 4 })));
  expect(count({ ...all(8), ...files }, 8)).toEqual({ available: 8, physical: 4 });
});

test('2 packages of 4 cores, with core ids 0 to 3 in both, are 8 cores', () => {
  const files = topology(cpus(8, (cpu) => ({ physical_package_id: Math.floor(cpu / 4), core_id: cpu % 4 })));
  expect(count({ ...all(8), ...files }, 8)).toEqual({ available: 8, physical: 8 });
});

test('a hybrid of 8 cores with two threads and 8 with one is 16 cores of 24 CPUs', () => {
  const siblings = (cpu: number): string => {
    const first = cpu - (cpu % 2);
    return cpu < 16 ? `${first}-${first + 1}` : `${cpu}`;
  };
  const files = topology(cpus(24, (cpu) => ({ core_cpus_list: siblings(cpu) })));
  expect(count({ ...all(24), ...files }, 24)).toEqual({ available: 24, physical: 16 });
});

test.each(['core_cpus_list', 'thread_siblings_list'])('%s 0-1,4-5 of four CPUs is one core', (name) => {
  const files = topology(Object.fromEntries([0, 1, 4, 5].map((cpu) => [cpu, { [name]: '0-1,4-5' }])));
  expect(count({ ...online('0-1,4-5'), ...allowed('0-7'), ...files }, 4)).toEqual({ available: 4, physical: 1 });
});

test('CPUs that are switched off leave holes: 0-3,6-7 in pairs are 3 cores', () => {
  const files = topology(
    Object.fromEntries(
      [0, 1, 2, 3, 6, 7].map((cpu) => [cpu, { core_cpus_list: `${cpu - (cpu % 2)}-${cpu - (cpu % 2) + 1}` }]),
    ),
  );
  expect(count({ ...online('0-3,6-7'), ...allowed('0-7'), ...files }, 6)).toEqual({ available: 6, physical: 3 });
});

test('a process that may run on CPU 0 only has one CPU and one core', () => {
  const files = topology(cpus(8, (cpu) => ({ core_cpus_list: `${cpu}` })));
  expect(count({ ...online('0-7'), ...allowed('0'), ...files }, 1)).toEqual({ available: 1, physical: 1 });
  // A Node that knows of no affinity is not believed.
  expect(count({ ...online('0-7'), ...allowed('0'), ...files }, 8)).toEqual({ available: 1, physical: 1 });
});

test('without topology the pairs of physical id and core id in cpuinfo are the cores', () => {
  const info = cpuinfo(
    Array.from({ length: 8 }, (_, processor) => ({
      processor,
      'physical id': processor % 2,
      'core id': Math.floor(processor / 4),
    })),
  );
  expect(count({ ...all(8), ...info }, 8)).toEqual({ available: 8, physical: 4 });
  expect(count(info, 8)).toEqual({ available: 8, physical: 4 });
});

test('a cpuinfo without physical ids, as on ARM, tells no cores: every CPU is one', () => {
  const info = cpuinfo(Array.from({ length: 4 }, (_, processor) => ({ processor, BogoMIPS: 50 })));
  expect(count({ ...all(4), ...info }, 4)).toEqual({ available: 4, physical: 4 });
});

const big = { ...all(64), ...topology(cpus(64, (cpu) => ({ core_cpus_list: `${cpu}` }))) };

test.each([
  ['cpu.max 200000 100000', groupV2('/app', { '/app': '200000 100000' }), 2],
  ['cpu.max 50000 100000', groupV2('/app', { '/app': '50000 100000' }), 1],
  ['cpu.max max 100000', groupV2('/app', { '/app': 'max 100000' }), 64],
  ['a v1 quota of -1', groupV1('/app', { '/app': [-1, 100_000] }), 64],
  ['a v1 quota of 250000', groupV1('/app', { '/app': [250_000, 100_000] }), 2],
  ['a v1 quota above the own group', groupV1('/a/b', { '': [300_000, 100_000], '/a/b': [-1, 100_000] }), 3],
  ['400000 above and 150000 in the own', groupV2('/a/b', { '/a': '400000 100000', '/a/b': '150000 100000' }), 1],
  ['150000 above and 400000 in the own', groupV2('/a/b', { '/a': '150000 100000', '/a/b': '400000 100000' }), 1],
])('%s of 64 CPUs', (_, group, expected) => {
  expect(count({ ...big, ...group }, 64)).toEqual({ available: expected, physical: expected });
});

test('rounded up, half a CPU is one and one and a half are two, even where Node has rounded down', () => {
  const group = (max: string) => ({ ...big, ...groupV2('/', { '': max }) });
  expect(count(group('150000 100000'), 64, 'ceil').available).toBe(2);
  expect(count(group('150000 100000'), 1, 'ceil').available).toBe(2);
  expect(count(group('50000 100000'), 64, 'ceil').available).toBe(1);
  expect(count(group('max 100000'), 64, 'ceil').available).toBe(64);
});

test('where nothing is known, Node is believed', () => {
  expect(count({}, 6)).toEqual({ available: 6, physical: 6 });
  expect(count({ ...online(''), ...allowed('x') }, 6)).toEqual({ available: 6, physical: 6 });
  // Lists that contradict each other say nothing.
  expect(count({ ...online('0-1'), ...allowed('4-5') }, 2)).toEqual({ available: 2, physical: 2 });
});

const facts: fc.Arbitrary<CpuFacts> = fc.record({
  parallelism: fc.integer({ min: 1, max: 64 }),
  online: fc.option(fc.array(fc.nat(63)), { nil: undefined }),
  allowed: fc.option(fc.array(fc.nat(63)), { nil: undefined }),
  cores: fc.array(fc.tuple(fc.nat(63), fc.constantFrom('a', 'b', 'c', 'd'))).map((entries) => new Map(entries)),
  quotas: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true })),
});
const rounding = fc.constantFrom('floor' as const, 'ceil' as const);

test('there is always one, and never more cores than CPUs', () => {
  fc.assert(
    fc.property(facts, rounding, (known, how) => {
      const { available, physical } = countCpus(known, how);
      expect(physical).toBeGreaterThanOrEqual(1);
      expect(physical).toBeLessThanOrEqual(available);
      expect(Number.isInteger(available) && Number.isInteger(physical)).toBe(true);
    }),
  );
});

test('order and repetition in what is known do not matter', () => {
  const turned = (list: readonly number[] | undefined) => list && [...list.toReversed(), ...list];
  fc.assert(
    fc.property(facts, rounding, (known, how) => {
      const other: CpuFacts = {
        parallelism: known.parallelism,
        online: turned(known.online),
        allowed: turned(known.allowed),
        cores: new Map([...known.cores].toReversed()),
        quotas: known.quotas.toReversed(),
      };
      expect(countCpus(other, how)).toEqual(countCpus(known, how));
    }),
  );
});

test('which numbers CPUs have does not matter, so holes do not either', () => {
  const spread = (cpu: number): number => cpu * 7 + 3;
  fc.assert(
    fc.property(facts, rounding, (known, how) => {
      const other: CpuFacts = {
        ...known,
        online: known.online?.map(spread),
        allowed: known.allowed?.map(spread),
        cores: new Map([...known.cores].map(([cpu, core]) => [spread(cpu), core])),
      };
      expect(countCpus(other, how)).toEqual(countCpus(known, how));
    }),
  );
});

test('a lower quota never gives more, and rounding up never less', () => {
  fc.assert(
    fc.property(facts, fc.double({ min: 0.01, max: 100, noNaN: true }), (known, quota) => {
      const before = countCpus(known);
      const after = countCpus({ ...known, quotas: [...known.quotas, quota] });
      expect(after.available).toBeLessThanOrEqual(before.available);
      expect(countCpus(known, 'ceil').available).toBeGreaterThanOrEqual(before.available);
    }),
  );
});

test('files full of anything never make it throw', () => {
  const paths = Object.keys({ ...big, ...groupV1('/app', { '/app': [1, 1] }), ...cpuinfo([{ processor: 0 }]) });
  const junk = fc.oneof(fc.string(), fc.constantFrom('0-3\n', '-1', 'max', '0-65535', 'Cpus_allowed_list:\t0-999999'));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...paths), junk), (tree) => {
      const { available, physical } = count(tree, 4);
      expect(physical).toBeLessThanOrEqual(available);
    }),
    { numRuns: 50 },
  );
});
