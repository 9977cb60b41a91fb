import type { EndedRequest } from '../server/instrument.ts';
import { Buckets, DURATION_BOUNDS } from './buckets.ts';
import type { Labels } from './family.ts';
import { knownMethod, OTHER_METHOD } from './known-method.ts';

/** Where no route answers. Patterns of routes begin with a slash, or are `*`: none of them is called like this. */
const UNMATCHED = 'unmatched';

/** Routes beyond those that are told apart. */
const OTHER = 'other';

/** By the first digit of the status; the first one is of those who were told nothing. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** A number that only grows. */
interface Count {
  readonly labels: Labels;
  value: number;
}

/** What was asked of one route with one method. */
export class MethodSeries {
  readonly labels: Labels;
  readonly durations = new Buckets(DURATION_BOUNDS);
  requestBytes = 0;
  responseBytes = 0;
  /** By class of status, from when there is one of it. */
  readonly counts: (Count | undefined)[] = CLASSES.map(() => undefined);

  constructor(labels: Labels) {
    this.labels = labels;
  }

  count(status: number | undefined): void {
    // A status of no class is taken for one of the last (RFC 9110 §15).
    const index = status === undefined ? 0 : Math.min(5, Math.floor(status / 100));
    const known = this.counts[index];
    if (known !== undefined) known.value += 1;
    else this.counts[index] = { labels: { ...this.labels, status_class: CLASSES[index] ?? 'none' }, value: 1 };
  }
}

/** What was asked of one route. */
interface RouteSeries {
  readonly pattern: string;
  readonly methods: Map<string, MethodSeries>;
}

/** What was asked of one server. */
export class ServerRequests {
  readonly labels: Labels;
  /** Answers that broke off, and clients that left. */
  cut = 0;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #maxRoutes: number;

  constructor(labels: Labels, maxRoutes: number) {
    this.labels = labels;
    this.#maxRoutes = maxRoutes;
  }

  *methods(): Iterable<MethodSeries> {
    for (const { methods } of this.#routes.values()) yield* methods.values();
  }

  end(request: EndedRequest): void {
    const series = this.#series(request.route ?? UNMATCHED, request.method);
    series.count(request.status);
    series.durations.add(request.durationMs / 1000);
    series.requestBytes += request.requestBytes;
    series.responseBytes += request.responseBytes;
    if (!request.complete) this.cut += 1;
  }

  /** Somebody whose request nobody could read: it is counted, but took no time that says anything. */
  refuse(status: number): void {
    this.#series(UNMATCHED, OTHER_METHOD).count(status);
  }

  #series(route: string, method: string): MethodSeries {
    const { pattern, methods } = this.#routes.get(route) ?? this.#add(route);
    const known = knownMethod(method);
    const series = methods.get(known);
    if (series !== undefined) return series;
    const made = new MethodSeries({ ...this.labels, route: pattern, method: known });
    methods.set(known, made);
    return made;
  }

  /** What matched nothing has its place always; so have those there is no other place for. */
  #add(route: string): RouteSeries {
    const taken = this.#routes.size - (this.#routes.has(UNMATCHED) ? 1 : 0);
    const pattern = route === UNMATCHED || taken < this.#maxRoutes ? route : OTHER;
    const known = this.#routes.get(pattern);
    if (known !== undefined) return known;
    const made: RouteSeries = { pattern, methods: new Map() };
    this.#routes.set(pattern, made);
    return made;
  }
}
