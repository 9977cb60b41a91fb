import { EMPTY, throwError, type Unsubscribable } from 'rxjs';
import type { Census } from './census.ts';
import type { Clock } from './clock.ts';
import type { WorkersSettings } from './settings.ts';
import { createSpares, type Spares } from './spares.ts';
import type { Topics } from './topics.ts';
import { startLife, type WorkerLife } from './worker-life.ts';
import type { Launch, Processes, WorkerProcess } from './worker-process.ts';

export interface StaffOptions {
  readonly settings: WorkersSettings;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly sockets: { serve(process: WorkerProcess): Unsubscribable };
  readonly census: Pick<Census, 'add'>;
  readonly topics: Pick<Topics, 'add'>;
  /** How many workers there are to be, as it is now. */
  readonly count: () => number;
}

/** Starts processes and says who they are: those of slots, and spares that wait for one. */
export class Staff {
  readonly spares: Spares;
  readonly #options: StaffOptions;

  constructor(options: StaffOptions) {
    const { settings, clock } = options;
    this.#options = options;
    const { spares: size, coolDownMs } = settings;
    this.spares = createSpares(() => this.#boot(settings.commonEnv, settings.preload), {
      size,
      coolDownMs,
      settings,
      clock,
    });
  }

  /** A process for a slot: a spare if one waits. One that could not be started has ended already. */
  hire(slot: number): WorkerLife {
    const { settings, sockets, census, topics, count } = this.#options;
    try {
      const [env, args] = [settings.env(slot), settings.args(slot)];
      const life = this.spares.take() ?? this.#boot(env, []);
      sockets.serve(life.process);
      census.add(slot, life.process);
      topics.add(slot, life.process);
      const { port, sharing, heartbeatMs, shutdownTimeoutMs: orphanDrainMs } = settings;
      life.assign({ slot, count: count(), port, sharing, heartbeatMs, orphanDrainMs, env, args });
      return life;
    } catch (error) {
      // Functions of the user decide what a slot is given.
      return this.#follow(neverStarted(error instanceof Error ? error : new Error(String(error))));
    }
  }

  #boot(env: Launch['env'], preload: Launch['preload']): WorkerLife {
    const { processes, settings } = this.#options;
    const { script, execArgv } = settings;
    return this.#follow(processes({ script, args: [], env, execArgv, preload }));
  }

  #follow(process: WorkerProcess): WorkerLife {
    const { settings, clock } = this.#options;
    const { readyTimeoutMs, shutdownTimeoutMs, maxMemoryBytes, maxAgeMs, maxAgeJitter, heartbeatMs } = settings;
    // Who is not told to beat is silent all the time.
    const heartbeatTimeoutMs = heartbeatMs === 0 ? 0 : settings.heartbeatTimeoutMs;
    const watched = { heartbeatTimeoutMs, maxMemoryBytes, maxAgeMs, maxAgeJitter };
    return startLife(process, { readyTimeoutMs, shutdownTimeoutMs, clock, ...watched });
  }
}

const neverStarted = (error: Error): WorkerProcess => ({
  pid: 0,
  messages$: EMPTY,
  exit$: throwError(() => error),
  send: (_message, _handle, sent) => sent?.(false),
  kill: () => {},
});
