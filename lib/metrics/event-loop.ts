import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How the event loop did since it was asked last. */
export interface EventLoopReading {
  /** Seconds by which timers were late. */
  readonly delays: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The part of the time in which it was busy, from 0 to 1. */
  readonly utilization: number;
}

/** How often it is looked whether a timer is late, in milliseconds: the least delay that can be told. */
const RESOLUTION_MS = 10;

const NANOSECONDS = 1e9;

/** Nothing was measured: a histogram without values has no numbers. */
const seconds = (nanoseconds: number, count: number): number =>
  count === 0 || !Number.isFinite(nanoseconds)
    ? 0
    : // What it measures includes the time it meant to wait.
      Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);

/** Watches the event loop of this thread as long as it is not stopped. */
export class EventLoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#histogram.enable();
  }

  /** What was since the last reading; the next one begins anew, with the first timer that comes after this one. */
  read(): EventLoopReading {
    const { count, max } = this.#histogram;
    const delays = {
      p50: seconds(this.#histogram.percentile(50), count),
      p99: seconds(this.#histogram.percentile(99), count),
      max: seconds(max, count),
    };
    this.#histogram.reset();
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    return { delays, utilization: Number.isFinite(utilization) ? utilization : 0 };
  }

  stop(): void {
    this.#histogram.disable();
  }
}
