/**
 * What a slot is doing.
 *
 * - `starting`: its first process boots, or the one after `enable` or a scaling up.
 * - `active`: it has said that it is ready.
 * - `stopping`: it was told to leave and finishes what it accepted.
 * - `stopped`: it ended because it was told to, or by itself without a failure and is not to come back.
 * - `crashed`: it ended in a way nobody asked for; whether it comes back is decided next, or it does not.
 * - `respawning`: another process for it is due or boots.
 * - `disabled`: it crashed too often; `enable` or the cool-down gives it another chance.
 */
export type WorkerState = 'starting' | 'active' | 'stopping' | 'stopped' | 'crashed' | 'respawning' | 'disabled';

/** The state of all workers together, in the words of a cluster. */
export type WorkersState = 'New' | 'Booting' | 'Running' | 'Stopping' | 'Stopped' | 'Error';

/**
 * Which state of all workers together may follow which; nothing else happens. A start after `Stopped` or `Error` is
 * another life, which begins with `New`.
 *
 * - `Booting` until every slot is active, or has failed once and is left to the rules for crashes.
 * - `Running` as long as any slot runs, or is to come back.
 * - `Stopping` while workers finish what they accepted.
 * - `Error` no worker could be started, or none can be kept running any more.
 */
export const WORKERS_TRANSITIONS: Readonly<Record<WorkersState, readonly WorkersState[]>> = {
  New: ['Booting'],
  Booting: ['Running', 'Stopping'],
  Running: ['Stopping'],
  Stopping: ['Stopped', 'Error'],
  Stopped: [],
  Error: [],
};
