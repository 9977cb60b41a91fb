import parse from 'parse-prometheus-text-format';
import type { Metrics } from '../../lib/metrics/metrics.ts';

/** What was scraped: the value of a series, by its name and labels as Prometheus writes them, in order of the labels. */
export interface Scraped {
  /** Every series, such as `sluice_server_up{server="api"}`; of histograms their counts and their sums. */
  readonly values: ReadonlyMap<string, number>;
  readonly names: readonly string[];
  readonly types: Readonly<Record<string, string>>;
  /** Series whose name and labels begin like this. */
  under(start: string): readonly string[];
  /** The value of a series; `NaN` when there is none. */
  value(series: string): number;
  /** The buckets of a histogram, by their upper bounds. */
  buckets(series: string): ReadonlyMap<string, number>;
}

const keyOf = (name: string, labels: Readonly<Record<string, string>> = {}): string => {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? name : `${name}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`;
};

/** Lines that say what the others mean. */
const COMMENT = /^#.*\n?/gm;

/**
 * Reads an exposition with a parser that is none of ours.
 *
 * It makes one of all histograms of a name, whatever their labels: lines are read once more without what says that they
 * belong together.
 */
export const readText = (text: string): Scraped => {
  const families = parse(text);
  const values = new Map<string, number>();
  const buckets = new Map<string, Map<string, number>>();
  for (const { name, metrics } of parse(text.replace(COMMENT, ''))) {
    for (const { labels = {}, value } of metrics) {
      const { le, ...others } = labels;
      const key = keyOf(name, others);
      if (le === undefined) values.set(key, Number(value));
      else buckets.set(key, new Map([...(buckets.get(key) ?? []), [le, Number(value)]]));
    }
  }
  return {
    values,
    names: families.map(({ name }) => name),
    types: Object.fromEntries(families.map(({ name, type }) => [name, type.toLowerCase()])),
    under: (start) => [...values.keys()].filter((key) => key.startsWith(start)),
    value: (series) => values.get(series) ?? Number.NaN,
    buckets: (series) => buckets.get(series.replace(/^\w+/, '$&_bucket')) ?? new Map(),
  };
};

/** Scrapes as Prometheus would, past HTTP. */
export const scrape = async ({ registry }: Metrics): Promise<Scraped> => readText(await registry.metrics());
