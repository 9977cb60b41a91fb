import { firstValueFrom } from 'rxjs';
import { yieldTurn } from '../reactive/yield-turn.ts';
import type { Family } from './family.ts';
import type { MetricsRegistry } from './registry.ts';

/** What a family is, in the words of Prometheus. */
export type SeriesType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/**
 * One number: what follows the name of the family (`_bucket`), labels as they are written and in the order of their
 * names, the `le` or `quantile` that it has, or nothing, and the value. What is no finite number is written as text,
 * for JSON has none of them.
 */
export type SeriesSample = readonly [suffix: string, labels: string, bound: string, value: number | string];

/** All numbers of one name, as they travel between processes and are written down. */
export interface SeriesFamily {
  readonly name: string;
  readonly help: string;
  readonly type: SeriesType;
  readonly samples: readonly SeriesSample[];
}

const TYPES: readonly SeriesType[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/** The label that is told apart from the others, by type of family. */
const BOUNDS: Partial<Record<SeriesType, string>> = { histogram: 'le', summary: 'quantile' };

/** Whether a family is summed over processes; of others each process has its own. */
export const isSummed = (type: SeriesType): boolean => type === 'counter' || type === 'histogram' || type === 'summary';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const escapeValue = (text: string): string =>
  /[\\"\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : text;

/** Labels as they are written between braces, in one order for all processes. */
export const writeLabels = (labels: Readonly<Record<string, unknown>>): string =>
  Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escapeValue(String(labels[name]))}"`)
    .join(',');

/** What tells processes apart. */
export const WORKER = 'worker';

/** Whoever has such a label has it under the name that Prometheus gives to labels it needs itself. */
const withoutWorker = ({
  [WORKER]: own,
  ...labels
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  own === undefined ? labels : { ...labels, [`exported_${WORKER}`]: own };

/** As Prometheus writes what is no finite number. */
export const writeNumber = (value: number): number | string => {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
};

/** What tells a sample from the others of its family. */
export const keyOf = ([suffix, labels, bound]: SeriesSample): string => `${suffix}{${labels}}${bound}`;

/** The number in a sample. */
export const numberIn = ([, , , value]: SeriesSample): number =>
  typeof value === 'number' ? value : Number(value.replace('Inf', 'Infinity'));

/** One of prom-client's families as objects; `undefined` for what looks otherwise. */
const toFamily = (metric: unknown, isOpenMetrics: boolean): SeriesFamily | undefined => {
  if (!isRecord(metric) || typeof metric.name !== 'string' || !Array.isArray(metric.values)) return undefined;
  const type = TYPES.find((known) => known === metric.type) ?? 'untyped';
  // That content type has prom-client drop the end of the name when it is written, and put it to every sample.
  const name = isOpenMetrics && type === 'counter' ? `${metric.name.replace(/_total$/, '')}_total` : metric.name;
  const bound = BOUNDS[type];
  const values: readonly unknown[] = metric.values;
  const samples = values.flatMap((value): readonly SeriesSample[] => {
    if (!isRecord(value) || typeof value.value !== 'number') return [];
    const { [bound ?? '']: limit, ...given } = isRecord(value.labels) ? value.labels : {};
    const labels = isSummed(type) ? given : withoutWorker(given);
    const full = typeof value.metricName === 'string' ? value.metricName : name;
    const suffix = full.startsWith(name) ? full.slice(name.length) : '';
    return [[suffix, writeLabels(labels), limit === undefined ? '' : String(limit), writeNumber(value.value)]];
  });
  return { name, help: String(metric.help ?? ''), type, samples };
};

/** Everything in a registry, as it travels. */
export const readRegistry = async (registry: MetricsRegistry): Promise<readonly SeriesFamily[]> => {
  const isOpenMetrics = registry.contentType.startsWith('application/openmetrics-text');
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map((metric) => toFamily(metric, isOpenMetrics)).filter((family) => family !== undefined);
};

const isSample = (value: unknown): value is SeriesSample =>
  Array.isArray(value) &&
  value.length === 4 &&
  typeof value[0] === 'string' &&
  typeof value[1] === 'string' &&
  typeof value[2] === 'string' &&
  (typeof value[3] === 'number' || typeof value[3] === 'string');

const isFamily = (value: unknown): value is SeriesFamily =>
  isRecord(value) &&
  typeof value.name === 'string' &&
  typeof value.help === 'string' &&
  TYPES.some((type) => type === value.type) &&
  Array.isArray(value.samples) &&
  value.samples.every(isSample);

/** What another process sent; `undefined` when it is something else. By hand: there may be tens of thousands of samples. */
export const readFamilies = (value: unknown): readonly SeriesFamily[] | undefined =>
  Array.isArray(value) && value.every(isFamily) ? value : undefined;

const writeSample = (family: SeriesFamily, [suffix, labels, bound, value]: SeriesSample): string => {
  const limit = bound === '' ? '' : `${BOUNDS[family.type] ?? 'le'}="${escapeValue(bound)}"`;
  const all = [labels, limit].filter((part) => part !== '').join(',');
  return `${family.name}${suffix}${all === '' ? '' : `{${all}}`} ${value}\n`;
};

/** What `writeFamilies` writes, for the header of an answer. */
export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * One family as text.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export const writeFamily = (family: SeriesFamily): string => {
  const text = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  // Not every parser takes a line that helps nobody.
  const help = text === '' ? '' : `# HELP ${family.name} ${text}\n`;
  const lines = family.samples.map((sample) => writeSample(family, sample));
  return `${help}# TYPE ${family.name} ${family.type}\n${lines.join('')}`;
};

/** Samples that are written down in one turn; those of a thousand routes are some milliseconds. */
const IN_A_TURN = 2_000;

/** All of them as text; whoever else is due has its turn in between when there are many. */
export const writeFamilies = async (families: readonly SeriesFamily[]): Promise<string> => {
  const texts: string[] = [];
  let written = 0;
  for (const family of families) {
    texts.push(writeFamily(family));
    written += family.samples.length;
    if (written < IN_A_TURN) continue;
    written = 0;
    await firstValueFrom(yieldTurn());
  }
  return texts.join('\n');
};

/** A family that is read now, under its prefix. */
export const toSeries = <Source>(family: Family<Source>, prefix: string, source: Source): SeriesFamily => ({
  name: prefix + family.name,
  help: family.help,
  type: family.type,
  samples: Array.from(
    family.samples(source),
    ({ suffix = '', labels, le = '', value }): SeriesSample => [suffix, writeLabels(labels), le, writeNumber(value)],
  ),
});
