import type { Observable } from 'rxjs';
import type { Clock } from './clock.ts';
import type { Warning, WorkersSettings } from './settings.ts';
import type { Newcomers, WorkerSockets } from './sockets.ts';
import type { Processes } from './worker-process.ts';

/** What workers are made with: this machine, or what tests put in its place. */
export interface Workshop {
  readonly clock: Clock;
  /** Throws when this process cannot have workers. */
  readonly processes: (settings: WorkersSettings) => Processes;
  readonly sockets: (
    settings: WorkersSettings,
    warn: (warning: Warning) => void,
    newcomers$: Observable<Newcomers>,
  ) => WorkerSockets;
}
