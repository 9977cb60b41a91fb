import { createLatencyHistogram, type LatencySummary } from './latency.ts';

/** How a request that was written came to its end. */
export type Fate = 'answered' | 'bad' | 'torn' | 'lost' | 'hung';

/**
 * What became of every request. Once a client was stopped, `written` equals
 * `answered + bad + torn + lost + hung`: none is missing.
 */
export interface AccountingReport {
  /** Requests put on the wire. */
  readonly written: number;
  /** Whole responses of the expected kind. */
  readonly answered: number;
  /** Whole responses of another kind, or bytes that are no HTTP response. */
  readonly bad: number;
  /** The connection ended in the middle of the response. */
  readonly torn: number;
  /** The connection ended before a single byte of the response. */
  readonly lost: number;
  /** No whole response within the limit. */
  readonly hung: number;
  /** Attempts that got no connection: nothing was written, so they are not part of `written`. */
  readonly refused: number;
  /** Connections that were made. */
  readonly connected: number;
  /** Connections given up because their last response said `Connection: close`. */
  readonly asked: number;
  /** Idle connections the peer closed: no request was on its way. */
  readonly closedIdle: number;
  /** Milliseconds: from the write on a kept connection, from the start of connecting on a fresh one. */
  readonly latencyMs: LatencySummary;
  readonly durationMs: number;
  /** When each version was first answered, on the system's monotonic clock (see `monotonicMs`). */
  readonly firstSeen: Readonly<Record<string, number>>;
  /** The first failures in words. */
  readonly examples: readonly string[];
}

const CLOCK_OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds of the system's monotonic clock: comparable between processes of one machine. */
export const monotonicMs = (): number => CLOCK_OFFSET_MS + performance.now();

/** Requests that were written and not answered as they should have been. */
export const failures = (report: AccountingReport): number => report.bad + report.torn + report.lost + report.hung;

/** One line for people; failures that did not happen are left out. */
export const summarize = (report: AccountingReport): string => {
  const counts = (['bad', 'torn', 'lost', 'hung', 'refused'] as const)
    .filter((fate) => report[fate] > 0)
    .map((fate) => `${report[fate]} ${fate}`);
  const { p50, p99, max } = report.latencyMs;
  const latency = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, max ${max.toFixed(1)} ms`;
  const what = failures(report) === 0 ? 'none failed' : `${failures(report)} failed`;
  return `${report.answered} of ${report.written} answered, ${[what, ...counts].join(', ')}; ${latency}`;
};

/** Adds reports of several clients up; quantiles are those of the worst client. */
export const sum = (reports: readonly AccountingReport[]): AccountingReport => {
  const total = (pick: (report: AccountingReport) => number): number => reports.reduce((n, r) => n + pick(r), 0);
  const worst = (pick: (report: AccountingReport) => number): number => Math.max(0, ...reports.map(pick));
  const firstSeen: Record<string, number> = {};
  for (const report of reports) {
    for (const [version, at] of Object.entries(report.firstSeen)) {
      firstSeen[version] = Math.min(firstSeen[version] ?? at, at);
    }
  }
  return {
    written: total((r) => r.written),
    answered: total((r) => r.answered),
    bad: total((r) => r.bad),
    torn: total((r) => r.torn),
    lost: total((r) => r.lost),
    hung: total((r) => r.hung),
    refused: total((r) => r.refused),
    connected: total((r) => r.connected),
    asked: total((r) => r.asked),
    closedIdle: total((r) => r.closedIdle),
    latencyMs: {
      p50: worst((r) => r.latencyMs.p50),
      p99: worst((r) => r.latencyMs.p99),
      max: worst((r) => r.latencyMs.max),
    },
    durationMs: worst((r) => r.durationMs),
    firstSeen,
    examples: reports.flatMap((r) => r.examples),
  };
};

/** Counts what a client sees; only `Fate`s say how a written request ended. */
export interface Tally {
  count(what: 'written' | 'refused' | 'connected' | 'asked' | 'closedIdle'): void;
  /** Closes the account of one written request. */
  close(fate: Fate, latencyMs: number, example?: string): void;
  seen(version: string): void;
  /** The report of the period that ends, and the beginning of the next at the same instant. */
  take(): AccountingReport;
}

const EXAMPLES = 5;

export const createTally = (): Tally => {
  const empty = {
    written: 0,
    answered: 0,
    bad: 0,
    torn: 0,
    lost: 0,
    hung: 0,
    refused: 0,
    connected: 0,
    asked: 0,
    closedIdle: 0,
  };
  const counts = { ...empty };
  const latency = createLatencyHistogram();
  let since = performance.now();
  let firstSeen = new Map<string, number>();
  let examples: string[] = [];
  return {
    count: (what) => {
      counts[what] += 1;
    },
    close: (fate, latencyMs, example) => {
      counts[fate] += 1;
      // An unanswered request has no latency; a hung one is at least as late as the limit.
      if (fate !== 'lost' && fate !== 'torn') latency.record(latencyMs);
      if (example !== undefined && examples.length < EXAMPLES) examples.push(`${fate}: ${example}`);
    },
    seen: (version) => {
      if (!firstSeen.has(version)) firstSeen.set(version, monotonicMs());
    },
    take: () => {
      const now = performance.now();
      const report = {
        ...counts,
        latencyMs: latency.summary(),
        durationMs: now - since,
        firstSeen: Object.fromEntries(firstSeen),
        examples,
      };
      Object.assign(counts, empty);
      latency.clear();
      since = now;
      firstSeen = new Map();
      examples = [];
      return report;
    },
  };
};
