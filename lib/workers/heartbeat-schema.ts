import * as v from 'valibot';
import type { Heartbeat } from './heartbeat.ts';

/** Bounded, so that sums over workers are numbers as well. */
const amount = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** What a beat looks like that another process sent. */
export const heartbeatSchema: v.GenericSchema<unknown, Heartbeat> = v.object({
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  rssBytes: amount,
  heapUsedBytes: amount,
  utilization: amount,
  delayMs: v.object({ mean: amount, max: amount }),
  connections: amount,
  inFlight: amount,
  requests: amount,
  counters: v.record(v.string(), v.number()),
  gauges: v.record(v.string(), v.number()),
});
