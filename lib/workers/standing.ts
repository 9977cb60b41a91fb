import type { Clock } from './clock.ts';
import { WorkerCrashError } from './errors.ts';
import type { WorkerExit } from './exit.ts';
import { mayFollow } from './slot-state.ts';
import type { WorkerSnapshot } from './snapshot.ts';
import type { WorkerState } from './worker-state.ts';

/** What of a slot stays while its processes come and go: its state, and how its processes fared. */
export class Standing {
  readonly #clock: Clock;
  #state: WorkerState = 'starting';
  #since: number;
  #wasActive = false;
  #processes = 0;
  #crashes = 0;
  #lastExit: WorkerExit | undefined;
  #error: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.date();
  }

  get state(): WorkerState {
    return this.#state;
  }

  get wasActive(): boolean {
    return this.#wasActive;
  }

  /** Why it does not run. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Throws when that state does not follow; one that it has already changes nothing. */
  enter(state: WorkerState): void {
    if (state === this.#state) return;
    if (!mayFollow(this.#state, state)) throw new Error(`a slot does not go from ${this.#state} to ${state}`);
    this.#state = state;
    this.#since = this.#clock.date();
    if (state !== 'active') return;
    this.#wasActive = true;
    this.#error = undefined;
  }

  /** It has one more process of its own. */
  countProcess(): void {
    this.#processes += 1;
  }

  /** One of its processes has ended. Says whether it failed. */
  note(exit: WorkerExit): boolean {
    this.#lastExit = exit;
    const failed = exit.crash || exit.intent === 'unready' || exit.intent === 'unresponsive';
    if (failed) this.#crashes += 1;
    return failed;
  }

  /** That process was the one that served. */
  fail(pid: number, exit: WorkerExit): void {
    this.#error = exit.error ?? new WorkerCrashError(pid, exit);
  }

  /** Its part of a snapshot. */
  get facts(): Pick<WorkerSnapshot, 'state' | 'since' | 'restarts' | 'crashes' | 'lastExit' | 'error'> {
    return {
      state: this.#state,
      since: this.#since,
      restarts: Math.max(0, this.#processes - 1),
      crashes: this.#crashes,
      ...(this.#lastExit !== undefined && { lastExit: this.#lastExit }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }
}
