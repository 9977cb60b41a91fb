import { expect, test } from 'vitest';
import { MergedSeries } from '../../lib/metrics/merged-series.ts';
import { type SeriesFamily, type SeriesType, writeFamily } from '../../lib/metrics/series.ts';
import { readText } from './scraping.ts';

const family = (name: string, type: SeriesType, samples: SeriesFamily['samples']): SeriesFamily => ({
  name,
  help: name,
  type,
  samples,
});

const shown = (merged: MergedSeries, who: Parameters<MergedSeries['read']>[0]): readonly string[] =>
  [...readText(merged.read(who).map(writeFamily).join('\n')).values].map(([name, value]) => `${name} ${value}`).sort();

const up = (value: number) => family('up', 'gauge', [['', 'server="api"', '', value]]);
const open = (value: number) => family('open', 'gauge', [['', '', '', value]]);
const jobs = (value: number) => family('jobs_total', 'counter', [['', '', '', value]]);

test('counters are sums, gauges have the worker as a label, and some of them are sums as well', () => {
  const merged = new MergedSeries(new Set(['open']));
  const processes = [merged.begin('0'), merged.begin('1')];
  processes[0]?.report('a', [up(1), open(2), jobs(3)]);
  processes[1]?.report('a', [up(0), open(5), jobs(4)]);
  expect(shown(merged, { labelled: processes, summed: processes })).toEqual([
    'jobs_total 7',
    'open 7',
    'up{server="api",worker="0"} 1',
    'up{server="api",worker="1"} 0',
  ]);
});

test('who is not asked for has no gauges, and keeps what it counted', () => {
  const merged = new MergedSeries(new Set(['open']));
  const [first, second] = [merged.begin('0'), merged.begin('1')];
  first.report('a', [up(1), open(2), jobs(3)]);
  second.report('a', [up(1), open(5), jobs(4)]);
  expect(shown(merged, { labelled: [second], summed: [second] })).toEqual([
    'jobs_total 7',
    'open 5',
    'up{server="api",worker="1"} 1',
  ]);
  first.end();
  first.report('a', [up(1), jobs(9)]);
  expect(shown(merged, { labelled: [first], summed: [first] })).toEqual(['jobs_total 7']);
});

test('two registries of one process are beside each other, and one does not take away what the other has', () => {
  const merged = new MergedSeries(new Set());
  const process = merged.begin('0');
  process.report('a', [jobs(1), up(1)]);
  process.report('b', [family('mails_total', 'counter', [['', '', '', 2]])]);
  process.report('a', [jobs(2), up(0)]);
  expect(shown(merged, { labelled: [process], summed: [] })).toEqual([
    'jobs_total 2',
    'mails_total 2',
    'up{server="api",worker="0"} 0',
  ]);
});

test('summaries are summed, and lose their quantiles: nobody can tell those of several', () => {
  const merged = new MergedSeries(new Set());
  const processes = [merged.begin('0'), merged.begin('1')];
  for (const process of processes) {
    process.report('a', [
      family('size', 'summary', [
        ['', '', '0.5', 4],
        ['_sum', '', '', 8],
        ['_count', '', '', 2],
      ]),
    ]);
  }
  expect(shown(merged, { labelled: processes, summed: processes })).toEqual(['size_count 4', 'size_sum 16']);
});
