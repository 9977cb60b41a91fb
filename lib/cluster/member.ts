import { type Observable, of, Subject } from 'rxjs';
import type { Address } from '../config/address.ts';
import type { RestartConfig } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { HealthState } from '../health/thresholds.ts';
import type { Listener } from '../listener/listener.ts';
import type { Host } from '../server/host.ts';
import type { LifecycleOptions } from '../server/lifecycle.ts';
import { retire } from '../server/retire.ts';
import type { DrainProgress, Service } from '../server/server.ts';
import type { ServerStatus } from '../server/state.ts';
import type { Standing } from './plan.ts';

/** A server in its place: what it is asked to be, where it stands, how it is, and what its lifecycle works with. */
export class Member implements Standing, LifecycleOptions {
  readonly host: Host;
  spec: ServerSpec;
  service: Service;
  status: ServerStatus;
  /** What its checks have found; `undefined` while nobody looks. */
  health: HealthState | undefined;
  /** When its health entered the status it has, milliseconds since the epoch. */
  healthSince = 0;
  /** Why it is not restarted any more although it is down. */
  unhealed: Error | undefined;
  /** How often it was restarted because it was down. */
  heals = 0;
  /** Its life is over: there is nobody to ask or to wait for. */
  over = false;
  /** Asks it to finish and leave, with the milliseconds it may take. Completing it ends it in the same turn. */
  readonly drain$ = new Subject<number>();
  #hurry$: Subject<void> | undefined;
  #handsOver = false;
  #since = Date.now();
  /** The same instant on a clock that does not jump. */
  #enteredAt = performance.now();

  constructor(spec: ServerSpec, host: Host, service: Service, restarts: number) {
    this.spec = spec;
    this.host = host;
    this.service = service;
    this.status = { state: 'starting', restarts };
  }

  /** When it entered the state it is in, milliseconds since the epoch; set in the moment in which it does. */
  get since(): number {
    return this.#since;
  }

  set since(at: number) {
    this.#since = at;
    this.#enteredAt = performance.now();
  }

  /** Whole milliseconds for which it has been in its state, whatever is done to the clock of the system. */
  get agedMs(): number {
    return Math.floor(performance.now() - this.#enteredAt);
  }

  /** Where it listens, with the real port. */
  get address(): Address {
    return this.host.address;
  }

  /** It answers. */
  get up(): boolean {
    return this.status.state === 'running';
  }

  get serve$(): Observable<Listener> {
    return this.host.door$;
  }

  get restarts(): number {
    return this.status.restarts;
  }

  restart(): Required<RestartConfig> {
    return this.spec.restart;
  }

  retire(timeoutMs: number): Observable<DrainProgress> {
    this.#hurry$ = new Subject();
    return retire(this.host, timeoutMs, this.#handsOver ? of(undefined) : this.#hurry$);
  }

  /** Somebody else accepts at its address: it gives it back as soon as it leaves. */
  handOver(): void {
    this.#handsOver = true;
    this.hurry();
  }

  /** Its address is waited for: it gives it back before its clients have calmed down. */
  hurry(): void {
    this.#hurry$?.next();
  }

  /** Takes note of what its lifecycle says. */
  hear(status: ServerStatus): void {
    if (status.state !== this.status.state) this.since = Date.now();
    this.status = status;
    if (status.state !== 'running') return;
    this.host.listener?.limit(this.service.limits.maxConnections);
    this.host.listener?.attach(this.host.server);
  }
}
