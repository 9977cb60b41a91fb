/** The life of a server: `starting → running → draining → stopped`, or `failed`. */
export type ServerState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** What a server's lifecycle says of it. */
export interface ServerStatus {
  readonly state: ServerState;
  /** Restarts after crashes so far. */
  readonly restarts: number;
  /** Why it does not run. */
  readonly error?: Error;
  /** Connections that were cut when it stopped. */
  readonly cut?: number;
}
