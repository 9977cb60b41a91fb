import type { Labels, Sample } from './family.ts';

/**
 * Seconds; the boundaries that OpenTelemetry's HTTP conventions give for `http.server.request.duration`.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Counts how many values are below each of some bounds, in place: counting one makes nothing. */
export class Buckets {
  readonly #bounds: readonly number[];
  /** How many there are within each bound and above the one before; the last are above all of them. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds - rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let index = 0;
    // Most requests are within the first bounds: looking from there is quicker than by halves.
    while (value > (this.#bounds[index] ?? Number.POSITIVE_INFINITY)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** As Prometheus has them: every bucket counts what is in those before it as well. */
  samples(labels: Labels): readonly Sample[] {
    const samples: Sample[] = [];
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      samples.push({ labels, value: below, suffix: '_bucket', le: String(this.#bounds[index] ?? '+Inf') });
    }
    samples.push({ labels, value: this.#sum, suffix: '_sum' }, { labels, value: below, suffix: '_count' });
    return samples;
  }
}
