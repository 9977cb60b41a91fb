/** What a worker says of itself at every beat. */
export interface Heartbeat {
  /** From 1, one more with every beat of a process. */
  readonly sequence: number;
  /** Resident memory of the process, in bytes. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** The part of the time since the last beat in which its event loop was busy, 0 to 1. */
  readonly utilization: number;
  /** How late its event loop ran since the last beat, milliseconds: the mean and the worst. */
  readonly delayMs: { readonly mean: number; readonly max: number };
  /** Open connections of what it runs through its context. */
  readonly connections: number;
  /** Requests it has received and not answered yet. */
  readonly inFlight: number;
  /** Requests it has received since its process began. */
  readonly requests: number;
  /** Its own contributions, by name: counters are summed over workers, gauges are kept apart. */
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}
