import type { Family, Sample } from '../metrics/family.ts';
import { WORKER } from '../metrics/series.ts';
import type { WorkerSnapshot } from './snapshot.ts';
import type { CollectedStats } from './statistics.ts';
import type { WorkerState } from './worker-state.ts';

/** How often processes of a slot ended in one way. */
export interface ExitCount {
  readonly slot: number;
  readonly reason: string;
  readonly crash: boolean;
  readonly count: number;
}

/** Everything about workers that is exposed, at one moment. */
export interface WorkersReading {
  readonly stats: CollectedStats;
  /** Slots whose numbers are not of this moment. */
  readonly missing: ReadonlySet<number>;
  readonly exits: readonly ExitCount[];
  /** Milliseconds from the start of the process that serves to its `ready`, by slot. */
  readonly bootMs: ReadonlyMap<number, number>;
}

const STATES = [
  'starting',
  'active',
  'stopping',
  'stopped',
  'crashed',
  'respawning',
  'disabled',
] as const satisfies readonly WorkerState[];

const labelled = (slot: number, value: number, more: Readonly<Record<string, string>> = {}): Sample => ({
  labels: { [WORKER]: String(slot), ...more },
  value,
});

type WorkersFamily = Family<WorkersReading>;

const whole = (name: string, help: string, read: (stats: CollectedStats) => number): WorkersFamily => ({
  name,
  type: name.endsWith('_total') ? 'counter' : 'gauge',
  help,
  labels: [],
  samples: ({ stats }) => [{ labels: {}, value: read(stats) }],
});

const ofSlots = (
  name: string,
  help: string,
  read: (worker: WorkerSnapshot, reading: WorkersReading) => number | undefined,
): WorkersFamily => ({
  name,
  type: name.endsWith('_total') ? 'counter' : 'gauge',
  help,
  labels: [WORKER],
  samples: (reading) =>
    reading.stats.workers.flatMap((worker) => {
      const value = read(worker, reading);
      return value === undefined ? [] : [labelled(worker.slot, value)];
    }),
});

type Beat = NonNullable<WorkerSnapshot['heartbeat']>;

/** What processes said of themselves: those that said nothing now, or are no more, are left out rather than shown as they were. */
const beating = ({ stats, missing }: WorkersReading): readonly (readonly [slot: number, beat: Beat])[] =>
  stats.workers.flatMap(({ slot, pid, heartbeat }) =>
    heartbeat === undefined || pid === 0 || missing.has(slot) ? [] : [[slot, heartbeat] as const],
  );

const ofBeats = (name: string, help: string, read: (beat: Beat) => number): WorkersFamily => ({
  name,
  type: 'gauge',
  help,
  labels: [WORKER],
  samples: (reading) => beating(reading).map(([slot, beat]) => labelled(slot, read(beat))),
});

/** What slots and their processes are, and what they contribute. */
export const workerFamilies: readonly WorkersFamily[] = [
  whole('workers_desired', 'How many workers there are to be.', ({ total }) => total),
  whole('workers_restarting', 'Whether a rolling restart is under way: 1 or 0.', ({ restarting }) =>
    restarting ? 1 : 0,
  ),
  whole(
    'workers_requests_total',
    'Requests that workers received, over all processes there were.',
    ({ requests }) => requests,
  ),
  {
    name: 'workers_contributed_total',
    type: 'counter',
    help: 'Counters that workers contribute, by name, over all processes there were.',
    labels: ['name'],
    samples: ({ stats }) => Object.entries(stats.counters).map(([name, value]) => ({ labels: { name }, value })),
  },
  ofSlots('worker_up', 'Whether a worker is active: 1 or 0.', ({ state }) => (state === 'active' ? 1 : 0)),
  {
    name: 'worker_state',
    type: 'gauge',
    help: 'The state a worker is in: 1 for that one, 0 for the others.',
    labels: [WORKER, 'state'],
    samples: ({ stats }) =>
      stats.workers.flatMap(({ slot, state }) =>
        STATES.map((each) => labelled(slot, each === state ? 1 : 0, { state: each })),
      ),
  },
  ofSlots('worker_missing', 'Whether a worker did not answer this scrape in time: 1 or 0.', ({ slot }, { missing }) =>
    missing.has(slot) ? 1 : 0,
  ),
  ofSlots('worker_restarts_total', 'Processes of a worker after its first.', ({ restarts }) => restarts),
  {
    name: 'worker_exits_total',
    type: 'counter',
    help: 'Ends of processes, by what they were told to end for, their signal or exit code, and whether it was a crash.',
    labels: [WORKER, 'reason', 'crash'],
    samples: ({ exits }) =>
      exits.map(({ slot, reason, crash, count }) => labelled(slot, count, { reason, crash: String(crash) })),
  },
  ofSlots(
    'worker_uptime_seconds',
    'Seconds that the process of a worker has been active.',
    ({ uptimeMs }) => uptimeMs / 1000,
  ),
  ofSlots(
    'worker_boot_seconds',
    'Seconds from the start of the process of a worker to its readiness.',
    ({ slot }, { bootMs }) => {
      const ms = bootMs.get(slot);
      return ms === undefined ? undefined : ms / 1000;
    },
  ),
  ofBeats('worker_resident_memory_bytes', 'Resident memory of a worker.', ({ rssBytes }) => rssBytes),
  ofBeats('worker_heap_used_bytes', 'Memory that the objects of a worker take.', ({ heapUsedBytes }) => heapUsedBytes),
  ofBeats(
    'worker_event_loop_utilization',
    'The part of the time in which the event loop was busy, from 0 to 1.',
    ({ utilization }) => utilization,
  ),
  {
    name: 'worker_event_loop_delay_seconds',
    type: 'gauge',
    help: 'Seconds by which the event loop of a worker was late since its last beat.',
    labels: [WORKER, 'stat'],
    samples: (reading) =>
      beating(reading).flatMap(([slot, { delayMs }]) => [
        labelled(slot, delayMs.mean / 1000, { stat: 'mean' }),
        labelled(slot, delayMs.max / 1000, { stat: 'max' }),
      ]),
  },
  ofBeats('worker_connections', 'Open connections of a worker.', ({ connections }) => connections),
  ofBeats(
    'worker_requests_in_flight',
    'Requests that a worker received and has not answered yet.',
    ({ inFlight }) => inFlight,
  ),
  {
    name: 'worker_contributed',
    type: 'gauge',
    help: 'Gauges that workers contribute, by name.',
    labels: [WORKER, 'name'],
    samples: (reading) =>
      beating(reading).flatMap(([slot, { gauges }]) =>
        Object.entries(gauges).map(([name, value]) => labelled(slot, value, { name })),
      ),
  },
];
