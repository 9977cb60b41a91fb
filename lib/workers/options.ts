import type { Logger } from '../log/logger.ts';
import type { WorkerExit } from './exit.ts';
import type { Sharing } from './protocol.ts';

/** How a slot that crashes again and again is slowed down. */
export interface RespawnBackoff {
  /** By what the delay grows with every crash; 1 (always the same) by default. */
  readonly factor?: number;
  /** The longest delay, milliseconds; 15 000 by default. */
  readonly maxMs?: number;
  /** The part of each delay that chance decides, 0 to 1; 0 by default. */
  readonly jitter?: number;
  /** Milliseconds a worker has to be active for the delay to begin anew; 5 000 by default. */
  readonly resetAfterMs?: number;
}

/** Several processes that serve one port. `undefined` means the default, 0 means none. */
export interface WorkersOptions {
  /** What supervisors and logs call them; `'workers'` by default. */
  readonly name?: string;
  /** The module that is a worker, a path from the working directory or a file URL; the one this process runs by default. */
  readonly script?: string | URL;
  /** How many; `'auto'` by default: as many as the process may use CPUs. `WEB_CONCURRENCY` wins over both words. */
  readonly count?: number | 'auto' | 'physical';
  /** The port that all of them are told. Required; 0 when they share none. */
  readonly port: number;
  /**
   * How addresses are shared; `'shared'` by default. With `'round-robin'` only connections to sockets of
   * `context.listeners` go to another worker when the one they were handed to is killed: those to a plain
   * `server.listen(port)` are handed out by `node:cluster`, which leaves them open in the primary.
   */
  readonly sharing?: Sharing;
  /** Whether a worker that ended without being asked to comes back; `'always'` by default. `true` is `'always'`, `false` is `'never'`. */
  readonly respawn?: 'always' | 'on-failure' | 'never' | boolean;
  /** Milliseconds a worker has to leave before it is killed; 15 000 by default, 0 kills at once. */
  readonly shutdownTimeoutMs?: number;
  /** Milliseconds between two first starts; 100 by default. */
  readonly startupDelayMs?: number;
  /** Milliseconds before a worker comes back; 100 by default. */
  readonly respawnDelayMs?: number;
  readonly backoff?: RespawnBackoff;
  /** Milliseconds in which `maxCrashes` of one slot disable it; 5 000 by default. */
  readonly crashWindowMs?: number;
  /** How many crashes of one slot disable it; 3 by default, 0 for no limit. */
  readonly maxCrashes?: number;
  /** Milliseconds after which a disabled slot gets one more chance; 60 000 by default, 0 for never. */
  readonly coolDownMs?: number;
  /**
   * How many crashes of all workers together are answered within `intensityPeriodMs`; one more, and nobody is respawned
   * for as long. No limit by default.
   */
  readonly maxIntensity?: number;
  /** Milliseconds in which the crashes of `maxIntensity` are counted; 60 000 by default. */
  readonly intensityPeriodMs?: number;
  /** Milliseconds a worker has to become ready; 30 000 by default, 0 for as long as it takes. */
  readonly readyTimeoutMs?: number;
  /** Processes that may be there beyond the count during a restart, from 1; 2 by default. */
  readonly surge?: number;
  /**
   * Active workers a restart never goes below; as many as there are slots by default. While fewer are left because some
   * crashed, a restart lets go of no old process: it waits for those that come back, and gives up after `readyTimeoutMs`.
   */
  readonly minAvailable?: number;
  /**
   * Booted processes that wait for a slot; 0 by default. While one waits, the first failure of a slot is answered without
   * `respawnDelayMs`.
   */
  readonly spares?: number;
  /** Modules that a spare loads before it has a slot; none by default. `clusterWorkers` adds what it needs itself. */
  readonly preload?: readonly (string | URL)[];
  /** Milliseconds between two beats of a worker; 500 by default, 0 for none: then nobody notices a blocked one. */
  readonly heartbeatMs?: number;
  /** Milliseconds without a beat after which a worker is replaced; 2 500, or five beats, by default, 0 for never. */
  readonly heartbeatTimeoutMs?: number;
  /** Bytes of resident memory above which a worker is replaced; no limit by default. */
  readonly maxMemoryBytes?: number;
  /** Milliseconds after which a worker is replaced; no limit by default. */
  readonly maxAgeMs?: number;
  /** The part of `maxAgeMs` that chance takes off, so that workers do not leave together; 0.1 by default. */
  readonly maxAgeJitter?: number;
  /** What is added to the environment of each, or of each slot. */
  readonly env?:
    | Readonly<Record<string, string | undefined>>
    | ((slot: number) => Readonly<Record<string, string | undefined>>);
  /** What each has in `process.argv` after its script; none by default. */
  readonly args?: readonly string[] | ((slot: number) => readonly string[]);
  /** Options of Node for each; those of this process, without `--inspect`, by default. */
  readonly execArgv?: readonly string[];
  /** Called when a process of a slot was started. */
  readonly onStart?: (worker: { readonly slot: number; readonly pid: number }) => void;
  /** Called when a process of a slot has ended. */
  readonly onExit?: (worker: { readonly slot: number; readonly pid: number; readonly exit: WorkerExit }) => void;
  /** Where it says what happens; consola by default. */
  readonly logger?: Logger;
  /** Aborting it stops them, as `stop()` does. */
  readonly signal?: AbortSignal;
}
