/** What slows down a slot that crashes again and again. */
export interface WorkersBackoffConfig {
  /** By what the delay grows with every crash, from 1; 1 (always the same) by default. */
  readonly factor?: number;
  /** The longest delay, milliseconds; 15 000 by default. */
  readonly maxMs?: number;
  /** The part of each delay that chance decides, 0 to 1; 0 by default. */
  readonly jitter?: number;
  /** Milliseconds a worker has to be active for the delay to begin anew; 5 000 by default. */
  readonly resetAfterMs?: number;
}

/** Several processes that serve the same, as a config file asks for them. Everything has a default; 0 means none. */
export interface WorkersSettings {
  /** How many; `'auto'` (as many as the process may use CPUs) by default. */
  readonly count?: WorkersCount;
  /** How addresses are shared; `'shared'` by default. */
  readonly sharing?: 'shared' | 'round-robin' | 'reuse-port';
  /** Whether a worker that ended without being asked to comes back; `'always'` by default. */
  readonly respawn?: 'always' | 'on-failure' | 'never' | boolean;
  /** Milliseconds a worker has to leave before it is killed; 35 000 by default: servers drain for 30 s. */
  readonly shutdownTimeoutMs?: number;
  /** Milliseconds between two first starts; 100 by default. */
  readonly startupDelayMs?: number;
  /** Milliseconds before a worker comes back; 100 by default. */
  readonly respawnDelayMs?: number;
  readonly backoff?: WorkersBackoffConfig;
  /** Milliseconds in which `maxCrashes` of one slot disable it; 5 000 by default. */
  readonly crashWindowMs?: number;
  /** How many crashes of one slot disable it; 3 by default. */
  readonly maxCrashes?: number;
  /** Milliseconds after which a disabled slot gets one more chance; 60 000 by default. */
  readonly coolDownMs?: number;
  /** Crashes of all workers together after which nobody is respawned until `intensityPeriodMs` has gone by; no limit by default. */
  readonly maxIntensity?: number;
  /** 60 000 by default. */
  readonly intensityPeriodMs?: number;
  /** Milliseconds a worker has to become ready; 30 000 by default. */
  readonly readyTimeoutMs?: number;
  /** Milliseconds the workers have to prepare a config; 30 000 by default. */
  readonly prepareTimeoutMs?: number;
  /** Processes that may be there beyond the count during a restart, from 1; 2 by default. */
  readonly surge?: number;
  /** Active workers a restart never goes below; as many as there are slots by default. */
  readonly minAvailable?: number;
  /** Booted processes that wait for a slot; none by default. */
  readonly spares?: number;
  /** Modules that a spare loads before it has a slot; none by default. */
  readonly preload?: readonly string[];
  /** Milliseconds between two signs of life; 500 by default. */
  readonly heartbeatMs?: number;
  /** Milliseconds without one after which a worker is replaced; 2 500 by default. */
  readonly heartbeatTimeoutMs?: number;
  /** Bytes of resident memory above which a worker is replaced; no limit by default. */
  readonly maxMemoryBytes?: number;
  /** Milliseconds after which a worker is replaced; no limit by default. */
  readonly maxAgeMs?: number;
  /** The part of `maxAgeMs` by which workers differ, 0 to 1; 0.1 by default. */
  readonly maxAgeJitter?: number;
  /** What is added to the environment of each. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node for each. */
  readonly execArgv?: readonly string[];
  /** A module that gives code to the names in configs: it exports `apps`, `handlers` or `middleware`. */
  readonly code?: string;
}

/** More than any machine has CPUs, and fewer than a slip of the finger asks for. */
export const MOST_WORKERS = 4_096;

/** How many workers: a number, or as many as there are CPUs (`'auto'`) or cores (`'physical'`) for this process. */
export type WorkersCount = number | 'auto' | 'physical';

/** How many workers, or everything about them. */
export type WorkersConfig = WorkersCount | WorkersSettings;

/** Both forms as one. Pure. */
export const workersSettingsOf = (config: WorkersConfig): WorkersSettings =>
  typeof config === 'object' ? config : { count: config };
