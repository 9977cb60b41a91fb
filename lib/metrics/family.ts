/** What tells the series of a family apart. */
export type Labels = Readonly<Record<string, string>>;

/** One number of a family at one moment. */
export interface Sample {
  /** The same object from one scrape to the next where that can be: it is written down once then. */
  readonly labels: Labels;
  readonly value: number;
  /** What follows the name of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** Upper bound of a bucket. */
  readonly le?: string;
}

/** All series of one name, read from `Source` when they are asked for. */
export interface Family<Source> {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** What it measures, in one sentence. */
  readonly help: string;
  readonly labels: readonly string[];
  samples(source: Source): Iterable<Sample>;
}
