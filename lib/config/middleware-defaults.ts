/** The header that tells the state of the cluster. */
export const STATE_HEADER = 'x-server-state';

/** States in which a cluster serves: while it reloads, what ran before still does. */
export const GUARD_STATES: readonly string[] = Object.freeze(['Running', 'Reloading']);

/** When clients that were refused may come again: a restart of a cluster takes less. */
export const GUARD_RETRY_MS = 1_000;
