import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Unsubscribable } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import type { Heartbeat } from './heartbeat.ts';

/** How often it is looked whether the event loop is late, in milliseconds: the least delay that can be told. */
const RESOLUTION_MS = 10;

const NANOSECONDS_PER_MS = 1e6;

/** What a worker serves at the moment, and has served. */
export interface Load {
  readonly connections: number;
  readonly inFlight: number;
  readonly requests: number;
}

/** What it measures includes the time it meant to wait. Nothing was measured when there is no count. */
const lateMs = (nanoseconds: number, count: number): number =>
  count === 0 || !Number.isFinite(nanoseconds) ? 0 : Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);

type Memory = Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'>;

/** The system tells it in a file: without a free file descriptor what was known before has to do. */
const memoryUsage = (before: Memory): Memory => {
  try {
    return process.memoryUsage();
  } catch {
    return before;
  }
};

/** Makes the beats of this process, each about the time since the one before. */
export class Pulse {
  readonly #load: () => Load;
  readonly #counters = new Map<string, () => number>();
  readonly #gauges = new Map<string, () => number>();
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #memory: Memory = { rss: 0, heapUsed: 0 };
  #sequence = 0;

  constructor(load: () => Load) {
    this.#load = load;
    this.#delays.enable();
  }

  /**
   * Adds a number to every beat. What `read` throws, and what is no number, is left out of that beat. Throws an
   * `OptionsError` for a name that is empty or taken.
   */
  contribute(kind: 'counter' | 'gauge', name: string, read: () => number): Unsubscribable {
    const numbers = kind === 'counter' ? this.#counters : this.#gauges;
    if (name === '' || numbers.has(name)) throw new OptionsError('name', `a text that no other ${kind} has`);
    numbers.set(name, read);
    return {
      unsubscribe: () => {
        if (numbers.get(name) === read) numbers.delete(name);
      },
    };
  }

  beat(): Heartbeat {
    this.#memory = memoryUsage(this.#memory);
    const { rss, heapUsed } = this.#memory;
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const { count, mean, max } = this.#delays;
    const delayMs = { mean: lateMs(mean, count), max: lateMs(max, count) };
    this.#delays.reset();
    this.#sequence += 1;
    const { connections, inFlight, requests } = this.#load();
    return {
      sequence: this.#sequence,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      utilization: Number.isFinite(utilization) ? utilization : 0,
      delayMs,
      connections,
      inFlight,
      requests,
      counters: readAll(this.#counters),
      gauges: readAll(this.#gauges),
    };
  }

  /** Lets go of what watches the event loop. */
  stop(): void {
    this.#delays.disable();
  }
}

const readAll = (numbers: ReadonlyMap<string, () => number>): Readonly<Record<string, number>> => {
  const values: [string, number][] = [];
  for (const [name, read] of numbers) {
    try {
      const value = read();
      if (Number.isFinite(value)) values.push([name, value]);
    } catch {
      // It is the user's; the other numbers of the beat are worth more than a word about it twice a second.
    }
  }
  return Object.fromEntries(values);
};
