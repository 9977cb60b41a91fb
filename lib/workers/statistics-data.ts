import { constants } from 'node:os';
import * as v from 'valibot';
import { fromErrorData, toErrorData } from './error-data.ts';
import { errorDataSchema } from './error-data-schema.ts';
import type { WorkerExit } from './exit.ts';
import { heartbeatSchema } from './heartbeat-schema.ts';
import type { ErrorData } from './protocol.ts';
import type { WorkerSnapshot } from './snapshot.ts';
import type { CollectedStats } from './statistics.ts';

/** The same with errors that survive the way to another process. */
type Sent<T extends { readonly error?: Error }> = Omit<T, 'error'> & { readonly error?: ErrorData };

/** Statistics on their way to another process. */
export type StatisticsData = Omit<CollectedStats, 'workers'> & {
  readonly workers: readonly (Omit<Sent<WorkerSnapshot>, 'lastExit'> & { readonly lastExit?: Sent<WorkerExit> })[];
};

const send = <T extends { readonly error?: Error }>({ error, ...rest }: T): Sent<T> =>
  error === undefined ? rest : { ...rest, error: toErrorData(error) };

export const toStatisticsData = ({ workers, ...totals }: CollectedStats): StatisticsData => ({
  ...totals,
  workers: workers.map(({ lastExit, ...worker }) =>
    lastExit === undefined ? send(worker) : { ...send(worker), lastExit: send(lastExit) },
  ),
});

const isSignal = (value: unknown): value is NodeJS.Signals => typeof value === 'string' && value in constants.signals;

const count = v.pipe(v.number(), v.minValue(0));
const error = v.exactOptional(
  v.pipe(
    errorDataSchema,
    v.transform((data) => fromErrorData(data)),
  ),
);

const exit = v.object({
  code: v.nullable(v.number()),
  signal: v.nullable(v.custom<NodeJS.Signals>(isSignal)),
  intent: v.exactOptional(
    v.picklist(['stop', 'restart', 'scale', 'unready', 'unresponsive', 'memory', 'age', 'abandoned']),
  ),
  crash: v.boolean(),
  forced: v.boolean(),
  at: v.number(),
  error,
});

const worker = v.object({
  slot: count,
  state: v.picklist(['starting', 'active', 'stopping', 'stopped', 'crashed', 'respawning', 'disabled']),
  pid: count,
  port: count,
  startedAt: count,
  since: count,
  uptimeMs: count,
  restarts: count,
  crashes: count,
  recentCrashes: count,
  replacement: v.exactOptional(v.object({ pid: count, ready: v.boolean() })),
  lastExit: v.exactOptional(exit),
  error,
  heartbeat: v.exactOptional(heartbeatSchema),
});

const schema: v.GenericSchema<unknown, CollectedStats> = v.object({
  total: count,
  active: count,
  starting: count,
  stopping: count,
  crashed: count,
  stopped: count,
  disabled: count,
  restarts: count,
  crashes: count,
  shuttingDown: v.boolean(),
  restarting: v.boolean(),
  connections: count,
  inFlight: count,
  rssBytes: count,
  requests: count,
  counters: v.record(v.string(), v.number()),
  workers: v.array(worker),
  missing: v.array(count),
  complete: v.boolean(),
});

/** Statistics as the primary sent them; `undefined` for something else, as a primary of another release may send. */
export const readStatistics = (data: unknown): CollectedStats | undefined => {
  const { success, output } = v.safeParse(schema, data);
  return success ? output : undefined;
};
