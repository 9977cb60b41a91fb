import { Subject } from 'rxjs';
import type { ServerSpec } from '../config/server-spec.ts';
import type { HealthWatch } from './health-watch.ts';
import type { Progress } from './progress.ts';
import { type Reading, Renewal, readConfig } from './reading.ts';
import type { Verdict } from './verdict.ts';

/** Asks for the restart of one server that is down; it has no revision and no outcome, because nobody pushed it. */
export class Repair {
  readonly server: string;
  constructor(server: string) {
    this.server = server;
  }
}

/**
 * Brings servers that are down into the queue of the cluster, one at a time and only while no config is in it: a config
 * neither waits behind several of them nor loses its place to one.
 */
export class Repairs {
  /** Those that are to be made; through the same queue as configs. Hot. */
  readonly wanted$ = new Subject<Repair>();
  readonly #health: HealthWatch;
  readonly #isIdle: () => boolean;

  /** @param isIdle - no config waits or is being put in force, and the cluster is not stopping. */
  constructor(health: HealthWatch, isIdle: () => boolean) {
    this.#health = health;
    this.#isIdle = isIdle;
  }

  /** Something is due, or something was done: the next one may follow. */
  offer(): void {
    if (!this.#isIdle()) return;
    const server = this.#health.healer.take();
    if (server !== undefined) this.wanted$.next(new Repair(server));
  }

  /** Its place in the queue went to a config; it is offered again after that. */
  drop(): void {
    this.#health.healer.putOff();
  }

  /** What is to be put in force so that the server is built anew; `undefined` when that is not needed any more. */
  begin({ server }: Repair, specs: ReadonlyMap<string, ServerSpec>): Reading | undefined {
    const reading = readConfig(new Renewal([server]), specs, 'atomic');
    if (this.#health.beginRestart(server) && reading.issues === undefined) return reading;
    this.#end(server);
    return undefined;
  }

  /** What was done about it; returns what is in force now. A config that is not in force stays the reason it was. */
  end({ server }: Repair, progress: Progress, verdict: Verdict, specs: ReadonlyMap<string, ServerSpec>): Progress {
    this.#end(server, verdict.status === 'rolledBack' ? verdict.cause : undefined);
    return verdict.status === 'committed' ? { ...progress, specs } : progress;
  }

  #end(server: string, error?: Error): void {
    this.#health.endRestart(server, error);
    this.offer();
  }
}
