/** How a server is, from bad to good. */
export type HealthStatus = 'down' | 'warn' | 'ok';

/** How a server is, and how that came about; never changes after it was handed out. */
export interface Health {
  readonly status: HealthStatus;
  /** It has succeeded, and is on its way up. */
  readonly rising: boolean;
  /** It has failed, and is on its way down. */
  readonly falling: boolean;
  /** What the last check failed with; empty after a success. */
  readonly message: string;
  /** Checks that were made. */
  readonly checks: number;
  /** How long the last check took, in milliseconds; 0 before the first. */
  readonly latencyMs: number;
  /** When it entered `status`, milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds of its life in which it was `ok` and the last check had succeeded. */
  readonly uptimeMs: number;
  /** Milliseconds in which it was `down` and the last check had failed, or there was none yet. */
  readonly downtimeMs: number;
  /** Milliseconds in which it was rising. These four share out its whole life. */
  readonly riseTimeMs: number;
  /** Milliseconds in which it was falling. */
  readonly fallTimeMs: number;
}

/** What one check said. */
export type CheckResult =
  | { readonly ok: true; readonly latencyMs: number }
  | { readonly ok: false; readonly latencyMs: number; readonly error: Error };
