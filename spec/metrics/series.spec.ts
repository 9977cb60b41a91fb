import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { expect, test } from 'vitest';
import { readFamilies, readRegistry, type SeriesFamily, toSeries, writeFamily } from '../../lib/metrics/series.ts';
import { readText } from './scraping.ts';

const write = (families: readonly SeriesFamily[]): string => families.map(writeFamily).join('\n');
const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A registry with one of everything. */
const filled = (): Registry => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['queue', 'kind'], registers }).inc(
    { queue: 'a"b\\c\nd', kind: 'x' },
    3,
  );
  new Gauge({ name: 'depth', help: 'How\ndeep.', registers }).set(Number.NaN);
  new Gauge({ name: 'limit', help: 'Limit.', registers }).set(Number.POSITIVE_INFINITY);
  const histogram = new Histogram({ name: 'took', help: 'Took.', buckets: [1, 5], labelNames: ['op'], registers });
  histogram.observe({ op: 'read' }, 0.5);
  histogram.observe({ op: 'read' }, 7);
  new Summary({ name: 'size', help: 'Size.', percentiles: [0.5], registers }).observe(4);
  return registry;
};

test('what is written of a registry is what prom-client writes of it, to whoever parses it', async () => {
  const registry = filled();
  const families = readFamilies(travel(await readRegistry(registry)));
  const [ours, theirs] = [readText(write(families ?? [])), readText(await registry.metrics())];
  expect([...ours.values].sort()).toEqual([...theirs.values].sort());
  expect(ours.types).toEqual(theirs.types);
  expect(ours.buckets('took{op="read"}')).toEqual(theirs.buckets('took{op="read"}'));
});

test('what is no finite number arrives, and is written as Prometheus reads it', async () => {
  const text = write(readFamilies(travel(await readRegistry(filled()))) ?? []);
  expect(text).toContain('\ndepth NaN\n');
  expect(text).toContain('\nlimit +Inf\n');
});

test('default labels of a registry are there', async () => {
  const registry = filled();
  registry.setDefaultLabels({ region: 'eu' });
  const { under } = readText(write(await readRegistry(registry)));
  expect(under('jobs_total')).toEqual(['jobs_total{kind="x",queue="a"b\\c\nd",region="eu"}']);
});

test('counters have one name, whichever text their registry would write', async () => {
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  new Counter({ name: 'jobs_total', help: 'Jobs.', registers: [registry] }).inc(2);
  const before = await readRegistry(registry);
  await registry.metrics();
  const after = await readRegistry(registry);
  expect(before.map(({ name }) => name)).toEqual(['jobs_total']);
  expect(after).toEqual(before);
  expect(readText(write(after)).value('jobs_total')).toBe(2);
});

test('a gauge that has a label worker keeps it under another name', async () => {
  const registry = new Registry();
  new Gauge({ name: 'depth', help: 'Depth.', labelNames: ['worker'], registers: [registry] }).set({ worker: 'me' }, 1);
  new Counter({ name: 'jobs_total', help: 'Jobs.', labelNames: ['worker'], registers: [registry] }).inc({
    worker: 'me',
  });
  const { values } = readText(write(await readRegistry(registry)));
  expect([...values.keys()].sort()).toEqual(['depth{exported_worker="me"}', 'jobs_total{worker="me"}']);
});

test('families of our own are written under their prefix', () => {
  const family = toSeries(
    {
      name: 'up',
      type: 'gauge',
      help: 'Up.',
      labels: ['worker'],
      samples: (source: number) => [{ labels: { worker: '0' }, value: source }],
    },
    'sluice_',
    1,
  );
  expect(write([family])).toBe('# HELP sluice_up Up.\n# TYPE sluice_up gauge\nsluice_up{worker="0"} 1\n');
});

test.each([undefined, null, 'text', [{}], [{ name: 'a', help: '', type: 'gauge', samples: [['', '', '']] }]])(
  'what is no list of families is refused: %o',
  (value) => {
    expect(readFamilies(value)).toBeUndefined();
  },
);

test('whatever is in labels and help, there is one line for each sample', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (value, help) => {
      const family = toSeries(
        { name: 'a', type: 'gauge', help, labels: ['l'], samples: () => [{ labels: { l: value }, value: 1 }] },
        '',
        undefined,
      );
      expect(writeFamily(family).split('\n')).toHaveLength(4);
    }),
  );
});
