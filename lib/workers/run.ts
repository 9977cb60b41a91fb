import {
  asapScheduler,
  auditTime,
  concatMap,
  filter,
  firstValueFrom,
  from,
  map,
  type Observable,
  observeOn,
  of,
  ReplaySubject,
  Subject,
  Subscription,
  takeUntil,
  timer,
} from 'rxjs';
import { Census } from './census.ts';
import type { Clock } from './clock.ts';
import { WorkersFailedError, WorkersStateError } from './errors.ts';
import type { WorkersEvent } from './event.ts';
import { Fuse } from './fuse.ts';
import type { News, StartReason } from './news.ts';
import { Relief } from './relief.ts';
import type { RestartReport } from './restart-report.ts';
import { rollingRestart } from './rolling.ts';
import { crowdWarning, type WorkersSettings } from './settings.ts';
import { Slot } from './slot.ts';
import { isGivenUp } from './slot-state.ts';
import type { WorkersSnapshot } from './snapshot.ts';
import type { WorkerSockets } from './sockets.ts';
import { Staff } from './staff.ts';
import { States } from './states.ts';
import type { Farewell } from './tenure.ts';
import { Topics } from './topics.ts';
import { Turns } from './turns.ts';
import { judgeRun, judgeStart } from './verdict.ts';
import type { Complaint } from './watch.ts';
import type { Processes } from './worker-process.ts';

/** What workers are made of, and tests replace. */
export interface Workshop {
  readonly clock: Clock;
  /** Throws when this process cannot have workers. */
  readonly processes: (settings: WorkersSettings) => Processes;
  readonly sockets: (settings: WorkersSettings, warn: (warning: Omit<Warning, 'type'>) => void) => WorkerSockets;
}

type Warning = Extract<News, { readonly type: 'warning' }>;

/** How one life of workers ended. */
export interface Ending {
  readonly forced: readonly number[];
  readonly durationMs: number;
}

/** One life of workers, from `New` to `Stopped` or `Error`. */
export class Run {
  readonly topics = new Topics();
  readonly sockets: WorkerSockets;
  readonly census: Census;
  /** What happens, in order. Hot; completes with the end. */
  readonly events$: Observable<WorkersEvent>;
  readonly state$: Observable<import('./worker-state.ts').WorkersState>;
  readonly workers$: Observable<WorkersSnapshot>;
  /** Emits once nothing runs any more and every stream has said its last; replays. */
  readonly ended$ = new ReplaySubject<Ending>(1);
}
