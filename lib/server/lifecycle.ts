import {
  asyncScheduler,
  Observable,
  type Observer,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import type { RestartConfig } from '../config/server-config.ts';
import { decideRestart } from '../supervision/restart.ts';
import type { DrainProgress } from './server.ts';
import type { ServerState, ServerStatus } from './state.ts';

export interface LifecycleOptions {
  /** Serves while subscribed: emits when it answers, errors when it crashes. Subscribed anew for every attempt. */
  readonly serve$: Observable<unknown>;
  /** How a crash is tried again; asked at every crash, so a changed policy counts from the next one on. */
  restart(): Required<RestartConfig>;
  /** Asks it to finish and leave, with the milliseconds it may take. Hot: `serve$` ends in the turn in which it emits. */
  readonly drain$: Observable<number>;
  /** Finishes what was accepted. Subscribed before `serve$` is left, so nothing both of them hold is let go in between. */
  retire(timeoutMs: number): Observable<DrainProgress>;
  /** Restarts of an earlier life that are remembered. */
  readonly restarts: number;
  random?(): number;
  readonly scheduler?: SchedulerLike;
  /** A clock that does not jump; `performance.now` by default. */
  now?(): number;
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/**
 * The life of one server, from its first attempt to its end.
 *
 * Emits `running` when it answers; after a crash `starting` with the cause, then `running` again once an attempt
 * succeeds; `failed` with the last cause when crashes come faster than `restart` allows, and stays that way. After
 * `drain$` has emitted it emits `draining`, then `stopped` with the number of cut connections, and completes. When
 * `drain$` completes it completes in the same turn, without a word: its place is somebody else's.
 *
 * Cold, never errors. Unsubscribing is the axe: it stops serving in the same turn and waits for nobody.
 */
export const lifecycle = (options: LifecycleOptions): Observable<ServerStatus> =>
  new Observable((subscriber) => {
    const life = new Life(subscriber, options);
    // The drain is listened to first: what it holds on to is held before the serving lets go of it.
    subscriber.add(options.drain$.subscribe({ next: (ms) => life.leave(ms), complete: () => life.end() }));
    life.attempt();
  });

/** Written without operators: a pipeline of them is some 10 KiB, and there may be a thousand idle servers. */
class Life implements Observer<unknown> {
  readonly #subscriber: Subscriber<ServerStatus>;
  readonly #options: LifecycleOptions;
  #restarts: number;
  #crashes: readonly number[] = [];
  /** The attempt that serves, or the wait for the next one. */
  #serving: Subscription | undefined;
  #leaving = false;

  constructor(subscriber: Subscriber<ServerStatus>, options: LifecycleOptions) {
    this.#subscriber = subscriber;
    this.#options = options;
    this.#restarts = options.restarts;
  }

  attempt(): void {
    this.#serve(this.#options.serve$.subscribe(this));
  }

  next(): void {
    this.#emit('running');
  }

  error(cause: unknown): void {
    const options = this.#options;
    const now = options.now?.() ?? performance.now();
    const random = (): number => options.random?.() ?? Math.random();
    const verdict = decideRestart(this.#crashes, now, options.restart(), random);
    this.#crashes = verdict.crashes;
    const error = asError(cause);
    if (verdict.type === 'give-up') {
      this.#emit('failed', { error });
      return;
    }
    this.#emit('starting', { error });
    const again = (): void => {
      this.#serving?.unsubscribe();
      this.#restarts += 1;
      this.attempt();
    };
    this.#serve((options.scheduler ?? asyncScheduler).schedule(again, verdict.delayMs));
  }

  complete(): void {
    this.error(new Error('it ended by itself'));
  }

  leave(timeoutMs: number): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#emit('draining');
    let cut = 0;
    const retirement = this.#options.retire(timeoutMs).subscribe({
      next: (progress) => {
        cut = progress.cut;
      },
      complete: () => {
        this.#emit('stopped', { cut });
        this.#subscriber.complete();
      },
    });
    this.#subscriber.add(retirement);
    this.#serving?.unsubscribe();
  }

  end(): void {
    if (!this.#leaving) this.#subscriber.complete();
  }

  /** What is being done from now on; it ends with the life, and with the drain. */
  #serve(serving: Subscription): void {
    if (serving.closed) return;
    this.#serving = serving;
    if (this.#leaving) serving.unsubscribe();
    else this.#subscriber.add(serving);
  }

  #emit(state: ServerState, more: { readonly error?: Error; readonly cut?: number } = {}): void {
    this.#subscriber.next({ state, restarts: this.#restarts, ...more });
  }
}
