import {
  defer,
  filter,
  firstValueFrom,
  type Observable,
  type Observer,
  observeOn,
  queueScheduler,
  Subject,
  share,
  takeUntil,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import { guarded } from '../reactive/guarded.ts';
import type { ClusterState } from './cluster-state.ts';
import { Ledger, type Request } from './ledger.ts';
import type { ClusterSettings } from './options.ts';
import type { ApplyOptions, StopOptions } from './orders.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { Renewal } from './reading.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/** One life of what follows configs, from `New` to `Stopped`. */
export interface Life<S, R> {
  readonly state: ClusterState;
  /** Requests are looked at; before that they wait in the ledger. */
  readonly serving: boolean;
  /** It is stopping or has stopped: nothing is looked at any more. */
  readonly over: boolean;
  readonly progress: Progress;
  readonly snapshot: S;
  /** Every state in order; replays the latest, completes after `Stopped`. */
  readonly state$: Observable<ClusterState>;
  /** At most one snapshot per turn, beginning with the present one; completes after `Stopped`. */
  readonly cluster$: Observable<S>;
  /** Emits when nothing runs any more and every stream has said its last; replays it. */
  readonly ended$: Observable<R>;
  /** What the source said of itself. */
  heard(source: ClusterSnapshot['source'], error?: unknown): void;
  start(requests$: Observable<Request>): void;
  stop(options: StopOptions): void;
  plan(config: unknown): Plan;
}

export interface FrontOptions<S, R, L extends Life<S, R>> {
  readonly settings: Pick<ClusterSettings, 'name' | 'logger' | 'siphonBuffer' | 'stopOnComplete' | 'signal'>;
  /** Another life; with what an earlier one came to. */
  readonly live: (ledger: Ledger, progress: Progress | undefined) => L;
  /** Passes outcomes on; called once. */
  readonly tell: (outcomes$: Observable<Outcome>) => void;
  /** The report of a stop of what never began. */
  readonly idle: R;
}

/** What a cluster shows of itself, over all its lives: takes configs, hands them to the present one, tells what became of them. */
export class Front<S, R, L extends Life<S, R>> {
  readonly name: string;
  readonly siphon: Observer<unknown>;
  readonly cluster$: Observable<S>;
  readonly state$: Observable<ClusterState>;
  readonly outcomes$: Observable<Outcome>;
  readonly #options: FrontOptions<S, R, L>;
  /** The mouth: everything that happens begins with a request that passes here. */
  readonly #mouth$ = new Subject<Request>();
  readonly #requests$: Observable<Request>;
  readonly #settled$ = new Subject<Outcome>();
  readonly #ledger: Ledger;
  #life: L;
  #completed = false;
  /** A start that was asked for while this life was ending. */
  #again = false;

  constructor(options: FrontOptions<S, R, L>) {
    const { logger, name } = options.settings;
    this.#options = options;
    this.name = name;
    options.tell(this.#settled$);
    this.#ledger = new Ledger((outcome) => {
      this.#settled$.next(outcome);
      this.#stopWhenDone();
    });
    // A subscriber that pushes while it is notified has its config looked at after everybody has been notified.
    this.#requests$ = this.#mouth$.pipe(observeOn(queueScheduler), share());
    this.#life = options.live(this.#ledger, undefined);

    const report = (error: unknown): void => logger.error('a subscriber of the cluster failed', error);
    const outcomes$ = this.#settled$.pipe(observeOn(queueScheduler), share());
    this.cluster$ = guarded(
      defer(() => this.#life.cluster$),
      report,
    );
    this.state$ = guarded(
      defer(() => this.#life.state$),
      report,
    );
    this.outcomes$ = guarded(
      defer(() => outcomes$.pipe(takeUntil(this.#life.ended$))),
      report,
    );
    this.siphon = {
      next: (config) => {
        this.#life.heard('open');
        this.#push(config, {}, () => {});
      },
      error: (error: unknown) => {
        this.#life.heard('failed', error);
        logger.error('a source of configs failed; the last good config stays in force', error);
      },
      complete: () => {
        this.#life.heard('completed');
        this.#completed = true;
        this.#stopWhenDone();
      },
    };
  }

  /** The present life. */
  get life(): L {
    return this.#life;
  }

  get snapshot(): S {
    return this.#life.snapshot;
  }

  get error(): Error | undefined {
    const { error, issues = [] } = this.#life.progress;
    return error ?? (issues.length === 0 ? undefined : new ConfigError(issues));
  }

  apply(config: unknown, options: ApplyOptions = {}): Promise<Outcome> {
    return new Promise((resolve) => this.#push(config, options, resolve));
  }

  plan(config: unknown): Plan {
    return this.#life.plan(config);
  }

  restart(ids?: readonly string[], options: ApplyOptions = {}): Promise<Outcome> {
    return this.renewal(new Renewal(ids), options);
  }

  /** Asks for servers to be built anew, once everything that was pushed before is settled. */
  renewal(renewal: Renewal, options: ApplyOptions): Promise<Outcome> {
    const renew = (): Promise<Outcome> => new Promise((resolve) => this.#push(renewal, options, resolve));
    // Pushed right away it could take the place of a config that waits.
    return this.#ledger.isEmpty ? renew() : firstValueFrom(this.#settled$).then(() => this.renewal(renewal, options));
  }

  start(): Promise<void> {
    const { state } = this.#life;
    if (state === 'Stopped') this.#renew(this.#life.progress);
    else if (this.#life.over) {
      this.#again = true;
      return firstValueFrom(this.#life.ended$).then(() => (this.#again ? this.start() : undefined));
    }
    const life = this.#life;
    if (life.state === 'New') this.#begin(life);
    const ready$ = life.state$.pipe(filter((next) => next !== 'New' && next !== 'Booting'));
    return firstValueFrom(ready$, { defaultValue: undefined }).then(() => {});
  }

  renew(): void {
    if (this.#life.state === 'Stopped') this.#renew();
  }

  stop({ drainTimeoutMs, handOver = false }: StopOptions = {}): Promise<R> {
    const life = this.#life;
    this.#again = false;
    if (life.state === 'New') {
      this.#ledger.cancel();
      return Promise.resolve(this.#options.idle);
    }
    // What is no time to wait for leaves the servers their own.
    const isTime = drainTimeoutMs !== undefined && drainTimeoutMs >= 0;
    life.stop(isTime ? { drainTimeoutMs, handOver } : { handOver });
    return firstValueFrom(life.ended$);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop().then(() => {});
  }

  /** Another life; that a source completed in the last one says nothing about it. */
  #renew(progress?: Progress): void {
    this.#life = this.#options.live(this.#ledger, progress);
    this.#completed = false;
  }

  #begin(life: L): void {
    life.start(this.#requests$);
    const { signal } = this.#options.settings;
    if (signal !== undefined) {
      fromAbortSignal(signal)
        .pipe(takeUntil(life.ended$))
        .subscribe(() => void this.stop());
    }
    this.#stopWhenDone();
  }

  #push(config: unknown, options: ApplyOptions, settle: (outcome: Outcome) => void): void {
    const life = this.#life;
    const request = this.#ledger.enter(config, settle, options);
    if (life.over) this.#ledger.settle(request, { status: 'cancelled' });
    else if (life.serving) this.#mouth$.next(request);
    else this.#ledger.keep(this.#options.settings.siphonBuffer);
  }

  #stopWhenDone(): void {
    const isDone = this.#completed && this.#options.settings.stopOnComplete && this.#ledger.isEmpty;
    if (isDone && this.#life.serving) void this.stop();
  }
}
