import { defer, type Observable, of, Subject, type Subscription, take, timer } from 'rxjs';
import type { Clock } from './clock.ts';
import { afterFailure, type Breaker, breakerAt, CLOSED, type IntensityLimit } from './intensity.ts';
import type { News } from './news.ts';

export interface FuseOptions extends IntensityLimit {
  readonly clock: Clock;
  readonly tell: (news: News) => void;
}

/** Keeps everybody from being respawned while all slots together fail too often. */
export class Fuse {
  /**
   * Emits once, and completes, as soon as somebody may be respawned: at once unless it is open. Cold; unsubscribing
   * stops waiting.
   */
  readonly clear$: Observable<void>;
  readonly #options: FuseOptions;
  readonly #closed$ = new Subject<void>();
  #breaker: Breaker = CLOSED;
  #period: Subscription | undefined;

  constructor(options: FuseOptions) {
    this.#options = options;
    this.clear$ = defer(() => (this.isOpen ? this.#closed$.pipe(take(1)) : of(undefined)));
  }

  get isOpen(): boolean {
    return this.#period !== undefined;
  }

  /** A process failed. */
  blow(): void {
    const { clock, tell, intensityPeriodMs } = this.#options;
    this.#breaker = afterFailure(this.#breaker, clock.now(), this.#options);
    if (this.isOpen || this.#breaker.state !== 'open') return;
    this.#period = timer(intensityPeriodMs, clock.scheduler).subscribe(() => this.#close());
    tell({ type: 'breaker', open: true, crashes: this.#breaker.failures.length });
  }

  /** Nobody is to be respawned any more: who waits is not called, and no timer is left. */
  stop(): void {
    this.#period?.unsubscribe();
    this.#closed$.complete();
  }

  #close(): void {
    const { clock, tell } = this.#options;
    this.#period = undefined;
    const crashes = this.#breaker.failures.length;
    this.#breaker = breakerAt(this.#breaker, clock.now(), this.#options);
    tell({ type: 'breaker', open: false, crashes });
    this.#closed$.next();
  }
}
