import { catchError, firstValueFrom, from, map, merge, of, type Subscription, take, timer } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { assertOptions } from '../config/known-options.ts';
import { MergedSeries, type SeriesProcess } from '../metrics/merged-series.ts';
import { type Exposition, metricsApp, type Scraped } from '../metrics/metrics-app.ts';
import type { MetricsRegistry } from '../metrics/registry.ts';
import { readRegistry, TEXT_TYPE, toSeries, writeFamilies } from '../metrics/series.ts';
import { ExitCounts } from './exit-counts.ts';
import { readSeriesReports } from './series-report.ts';
import type { WorkerReport } from './statistics.ts';
import { type WorkersReading, workerFamilies } from './worker-families.ts';
import type { Workers } from './workers.ts';

/** Workers, as far as they are measured. */
export type MeasuredWorkers = Pick<Workers, 'collect' | 'events$' | 'reports$'>;

/** Whose series are exposed, and how. */
export interface WorkersMetricsOptions {
  readonly workers: MeasuredWorkers;
  /** What the names of the series of workers themselves begin with; `'sluice_'` by default. */
  readonly prefix?: string;
  /** Milliseconds that workers have to answer a scrape; 3 000 by default. Who is late is left out of it. */
  readonly timeoutMs?: number;
  /** A registry of this process, whose series are added; their gauges have `worker="primary"`. */
  readonly registry?: MetricsRegistry;
  /**
   * Names of gauges that are summed over workers; all others are told apart by a label `worker`. By default those of
   * open connections and requests in flight.
   */
  readonly sums?: readonly string[];
}

/** Series of all workers together, and where they are scraped. */
export interface WorkersMetrics extends Scraped {
  /** Asks all workers, and writes down what they answered. Scrapes at once share the answers. Never rejects. */
  metrics(): Promise<string>;
  /** Ends the counting: nothing that workers do is taken note of any more. */
  unsubscribe(): void;
}

/** Longer than a worker waits for what it reads, shorter than Prometheus waits for a scrape. */
const TIMEOUT_MS = 3_000;

const SUMS = ['server_connections', 'server_requests_in_flight'];

const PRIMARY = 'primary';

const OPTIONS: readonly (keyof WorkersMetricsOptions)[] = ['workers', 'prefix', 'timeoutMs', 'registry', 'sums'];

const check = (options: WorkersMetricsOptions): void => {
  assertOptions(options, OPTIONS);
  const { workers, prefix = '', timeoutMs = TIMEOUT_MS, sums = [] } = options;
  if (typeof workers?.collect !== 'function') throw new OptionsError('workers', 'what createWorkers returns');
  if (!/^(?:[a-z_:][\w:]*)?$/i.test(prefix))
    throw new OptionsError('prefix', 'letters, digits, _ and :, no digit first');
  if (!(timeoutMs >= 0 && timeoutMs < 2 ** 31)) throw new OptionsError('timeoutMs', 'milliseconds from 0');
  if (!Array.isArray(sums)) throw new OptionsError('sums', 'a list of names');
};

/** One process, and when it was heard of last. */
interface Exposer {
  readonly slot: number;
  readonly series: SeriesProcess;
  heardAt: number;
}

/** Takes note of what workers report, whoever asked them. */
class Exposers {
  readonly #merged: MergedSeries;
  readonly #byPid = new Map<number, Exposer>();
  /** How many reports there were. */
  #reports = 0;

  constructor(merged: MergedSeries) {
    this.#merged = merged;
  }

  get reports(): number {
    return this.#reports;
  }

  hear(report: WorkerReport): void {
    const { slot, pid } = report;
    if (report.type === 'ended') {
      this.#byPid.get(pid)?.series.end();
      this.#byPid.delete(pid);
      return;
    }
    const exposed = readSeriesReports(report.series);
    if (exposed.length === 0) return;
    const exposer = this.#byPid.get(pid) ?? { slot, series: this.#merged.begin(String(slot)), heardAt: 0 };
    this.#byPid.set(pid, exposer);
    this.#reports += 1;
    exposer.heardAt = this.#reports;
    for (const { source, families } of exposed) exposer.series.report(source, families);
  }

  /** Those that expose something, and whether they were heard of after so many reports. */
  *since(reports: number): Iterable<{ readonly pid: number; readonly isFresh: boolean } & Exposer> {
    for (const [pid, exposer] of this.#byPid) yield { ...exposer, pid, isFresh: exposer.heardAt > reports };
  }
}

/** What there is within the time; `undefined` for what fails or comes later. */
const inTime = <T>(work: Promise<T>, ms: number): Promise<T | undefined> =>
  firstValueFrom(
    merge(from(work).pipe(catchError(() => of(undefined))), timer(ms).pipe(map(() => undefined))).pipe(take(1)),
  );

/**
 * Exposes the series of all workers in one place: what workers expose with `exposeMetrics`, and what the workers
 * themselves are, as seen from here.
 *
 * Counters and histograms are summed, over all processes there were: no respawn, replacement or scaling makes one fall,
 * and nobody has to be asked who is dead. Gauges have a label `worker`, the slot, except those in `sums`. A worker that
 * does not answer in time has no gauges in that scrape, and 1 in `sluice_worker_missing`; what it counted before is part
 * of the sums. A series that workers take away is gone once none of them has it.
 *
 * Counts from its call on: make it before the workers are started. When they are started again after their end, it is the
 * next scrape from which it counts. Needs no package; what workers expose does. Throws an
 * `OptionsError` for options it cannot work with.
 */
export const createWorkersMetrics = (options: WorkersMetricsOptions): WorkersMetrics => {
  check(options);
  const { workers, prefix = 'sluice_', timeoutMs = TIMEOUT_MS, registry } = options;
  const merged = new MergedSeries(new Set(options.sums ?? SUMS.map((name) => prefix + name)));
  const exposers = new Exposers(merged);
  const own = registry === undefined ? undefined : { registry, series: merged.begin(PRIMARY) };
  const exits = new ExitCounts();
  const bootMs = new Map<number, number>();

  let counting: readonly Subscription[] = [];
  let isOver = false;
  /** These streams end with each life of the workers. */
  const count = (): void => {
    if (isOver || counting.some(({ closed }) => !closed)) return;
    const reports = workers.reports$.subscribe((report) => exposers.hear(report));
    const events = workers.events$.subscribe((event) => {
      if (event.type === 'exit') exits.add(event.slot, event.exit);
      else if (event.type === 'active') bootMs.set(event.slot, event.bootMs);
    });
    counting = [reports, events];
  };
  count();

  const readOwn = async (): Promise<readonly SeriesProcess[]> => {
    const families = own === undefined ? undefined : await inTime(readRegistry(own.registry), timeoutMs);
    if (own === undefined || families === undefined) return [];
    own.series.report(PRIMARY, families);
    return [own.series];
  };

  const scrape = async (): Promise<string> => {
    count();
    const before = exposers.reports;
    const [stats, here] = await Promise.all([workers.collect({ timeoutMs, series: true }), readOwn()]);
    const serving = new Map(stats.workers.map(({ slot, pid }) => [slot, pid]));
    // In the same order each time, whoever answers first.
    const all = [...exposers.since(before)].sort((one, other) => one.slot - other.slot);
    const fresh = all.filter(({ isFresh }) => isFresh);
    const missing = new Set([
      ...stats.missing,
      ...all.filter(({ slot, pid, isFresh }) => !isFresh && serving.get(slot) === pid).map(({ slot }) => slot),
    ]);
    const reading: WorkersReading = { stats, missing, exits: exits.read(), bootMs };
    const shown = {
      // While a process takes over from another one, the label of their slot is that of the one that serves.
      labelled: [...fresh.filter(({ slot, pid }) => serving.get(slot) === pid).map(({ series }) => series), ...here],
      summed: [...fresh.map(({ series }) => series), ...here],
    };
    const families = workerFamilies.map((family) => toSeries(family, prefix, reading));
    return writeFamilies([...families.filter(({ samples }) => samples.length > 0), ...merged.read(shown)]);
  };

  const exposition: Exposition = { contentType: TEXT_TYPE, metrics: scrape };
  return {
    ...exposition,
    app: metricsApp(exposition),
    unsubscribe: () => {
      isOver = true;
      for (const subscription of counting) subscription.unsubscribe();
    },
  };
};
