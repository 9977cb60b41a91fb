import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import { OptionsError } from '../../config/errors.ts';
import type { Family, Labels, Sample } from '../family.ts';
import type { MetricsRegistry } from '../registry.ts';

type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/** Everything that can be exposed under a name. */
interface Series {
  readonly name: string;
  readonly family: Pull;
}

/** Reads a family for one scrape. */
export type Pull = () => Promise<readonly Sample[]>;

/** A number as `Registry` writes it down: shared labels are written once for as long as the object lives. */
interface PromValue {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly sharedLabels: Labels;
  readonly value: number;
}

const promValue = (name: string, { labels, value, suffix, le }: Sample): PromValue => {
  // Not shared: prom-client adds the other labels to them when it reads a histogram as objects.
  const own: Labels = le === undefined ? {} : { le };
  return suffix === undefined
    ? { labels: own, sharedLabels: labels, value }
    : { metricName: `${name}${suffix}`, labels: own, sharedLabels: labels, value };
};

const promValues = async ({ name, family }: Series): Promise<PromValue[]> => {
  const samples = await family();
  return samples.map((sample) => promValue(name, sample));
};

/** The same with all labels in one place, for those who read a registry as objects. */
const plainValues = async (series: Series): Promise<{ labels: Labels; value: number; metricName?: string }[]> =>
  (await promValues(series)).map(({ labels, sharedLabels, ...rest }) => ({
    ...rest,
    labels: { ...sharedLabels, ...labels },
  }));

/** What prom-client's metrics are made of. */
interface Made {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: [AnyRegistry];
}

/**
 * Prom-client's own metrics hold what they are told; this one holds nothing, and asks when it is scraped.
 *
 * `getForPromString` is what a registry asks first; `get` is for whoever reads the registry as objects.
 */
class PulledGauge extends Gauge {
  readonly #series: Series;

  constructor(made: Made, family: Pull) {
    super(made);
    this.#series = { name: made.name, family };
  }

  async getForPromString(): Promise<unknown> {
    const values = await promValues(this.#series);
    return { ...(await super.get()), values };
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = await plainValues(this.#series);
    return { ...(await super.get()), values };
  }
}

/** The same for what only grows. */
class PulledCounter extends Counter {
  readonly #series: Series;

  constructor(made: Made, family: Pull) {
    super(made);
    this.#series = { name: made.name, family };
  }

  async getForPromString(): Promise<unknown> {
    const values = await promValues(this.#series);
    return { ...(await super.get()), values };
  }

  override async get(): ReturnType<Counter['get']> {
    const values = await plainValues(this.#series);
    return { ...(await super.get()), values };
  }
}

/** The same for what is counted by size; its own `get` asks `getForPromString`. */
class PulledHistogram extends Histogram {
  readonly #series: Series;
  readonly #help: string;

  constructor(made: Made, family: Pull) {
    super(made);
    this.#series = { name: made.name, family };
    this.#help = made.help;
  }

  async getForPromString(): Promise<unknown> {
    const values = await promValues(this.#series);
    return { name: this.#series.name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }
}

const CLASSES = { gauge: PulledGauge, counter: PulledCounter, histogram: PulledHistogram } as const;

const METHODS = ['metrics', 'getSingleMetric', 'registerMetric', 'setDefaultLabels'];

/** Not by `instanceof`: it may be of another copy of prom-client. */
const isRegistry = (given: object): given is AnyRegistry =>
  METHODS.every((method) => typeof Reflect.get(given, method) === 'function');

/** The registry that is given, or one of its own. Throws an `OptionsError` for something else. */
export const openRegistry = (given?: MetricsRegistry): AnyRegistry => {
  if (given === undefined) return new Registry();
  if (typeof given === 'object' && given !== null && isRegistry(given)) return given;
  throw new OptionsError('registry', 'a registry of prom-client');
};

/** Whether a name is taken in a registry. */
export const isTaken = (registry: AnyRegistry, name: string): boolean => registry.getSingleMetric(name) !== undefined;

/** Exposes a family under a name; what it says is asked for at each scrape. */
export const expose = (
  registry: AnyRegistry,
  name: string,
  { type, help, labels }: Pick<Family<unknown>, 'type' | 'help' | 'labels'>,
  pull: Pull,
): void => {
  new CLASSES[type]({ name, help, labelNames: labels, registers: [registry] }, pull);
};

/** Exposes what prom-client measures of the process and of Node, under the names it is known by. */
export const exposeProcess = (registry: AnyRegistry): void => {
  collectDefaultMetrics({ register: registry });
};
