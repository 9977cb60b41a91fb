import { type Contributor, MergedTotals } from './merged-totals.ts';
import { isSummed, keyOf, numberIn, type SeriesFamily, type SeriesSample, WORKER, writeNumber } from './series.ts';

/** What one process exposes. */
export interface SeriesProcess {
  /** What its label says. */
  readonly worker: string;
  /** Takes note of all that one of its registries has; each has a name of its own. */
  report(source: string, families: readonly SeriesFamily[]): void;
  /** Nothing more will come. */
  end(): void;
}

/** Whose gauges are read. */
export interface Shown {
  /** Those who are told apart by their label: one for each. */
  readonly labelled: readonly SeriesProcess[];
  /** Those whose gauges are summed where that means something. */
  readonly summed: readonly SeriesProcess[];
}

/** Those that are summed over all processes there were; the quantiles of a summary say nothing about several. */
const counted = (families: readonly SeriesFamily[]): readonly SeriesFamily[] =>
  families
    .filter(({ type }) => isSummed(type))
    .map((family) =>
      family.type === 'summary' ? { ...family, samples: family.samples.filter(([, , bound]) => bound === '') } : family,
    );

const gauges = (families: readonly SeriesFamily[]): readonly SeriesFamily[] =>
  families.filter(({ type }) => !isSummed(type));

/** Labels with that of the process in front, whatever they are. */
const ofWorker = (worker: string, [suffix, labels, bound, value]: SeriesSample): SeriesSample => [
  suffix,
  labels === '' ? `${WORKER}="${worker}"` : `${WORKER}="${worker}",${labels}`,
  bound,
  value,
];

/** Puts together the series of many processes: counters, histograms and summaries are sums, gauges have the process as a label. */
export class MergedSeries {
  readonly #sums: ReadonlySet<string>;
  readonly #totals = new MergedTotals();
  /** Gauges as they were reported last, by registry. */
  readonly #gauges = new Map<SeriesProcess, Map<string, readonly SeriesFamily[]>>();

  /** @param sums - names of gauges that are summed rather than labelled. */
  constructor(sums: ReadonlySet<string>) {
    this.#sums = sums;
  }

  /** @param worker - what its label says; digits or letters. */
  begin(worker: string): SeriesProcess {
    const contributors = new Map<string, Contributor>();
    const reported = new Map<string, readonly SeriesFamily[]>();
    const process: SeriesProcess = {
      worker,
      report: (source, families) => {
        if (!this.#gauges.has(process)) return;
        const contributor = contributors.get(source) ?? this.#totals.begin();
        contributors.set(source, contributor);
        this.#totals.count(contributor, counted(families));
        reported.set(source, gauges(families));
      },
      end: () => {
        this.#gauges.delete(process);
        for (const contributor of contributors.values()) this.#totals.end(contributor);
        contributors.clear();
      },
    };
    this.#gauges.set(process, reported);
    return process;
  }

  read({ labelled, summed }: Shown): readonly SeriesFamily[] {
    const merged = new Map(this.#totals.read().map((family) => [family.name, new MergedFamily(family)]));
    const add = (family: SeriesFamily): void => {
      const known = merged.get(family.name);
      if (known === undefined) merged.set(family.name, new MergedFamily(family));
      else known.add(family);
    };
    for (const process of labelled) {
      for (const family of this.#of(process)) {
        if (this.#sums.has(family.name)) continue;
        add({ ...family, samples: family.samples.map((sample) => ofWorker(process.worker, sample)) });
      }
    }
    for (const process of summed) {
      for (const family of this.#of(process)) if (this.#sums.has(family.name)) add(family);
    }
    return Array.from(merged.values(), (family) => family.read()).filter(({ samples }) => samples.length > 0);
  }

  #of(process: SeriesProcess): readonly SeriesFamily[] {
    return [...(this.#gauges.get(process)?.values() ?? [])].flat();
  }
}

/** One family while it is put together; what has the same labels twice is one number. */
class MergedFamily {
  readonly #family: SeriesFamily;
  /** Only once there is something to be found again: most families have one source. */
  #samples: Map<string, SeriesSample> | undefined;

  constructor(family: SeriesFamily) {
    this.#family = family;
  }

  /** Of two releases that mean two things by one name, the first is shown. */
  add({ type, samples }: SeriesFamily): void {
    if (type !== this.#family.type) return;
    this.#samples ??= new Map(this.#family.samples.map((sample) => [keyOf(sample), sample]));
    for (const sample of samples) {
      const [suffix, labels, bound] = sample;
      const key = keyOf(sample);
      const known = this.#samples.get(key);
      this.#samples.set(key, known === undefined ? sample : [suffix, labels, bound, sumOf(known, sample)]);
    }
  }

  read(): SeriesFamily {
    return this.#samples === undefined ? this.#family : { ...this.#family, samples: [...this.#samples.values()] };
  }
}

const sumOf = (one: SeriesSample, other: SeriesSample): number | string => writeNumber(numberIn(one) + numberIn(other));
