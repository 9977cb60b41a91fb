import { asapScheduler, auditTime, interval, merge, type Subscription } from 'rxjs';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Report } from '../messages.ts';
import type { OpenAddresses } from './open-addresses.ts';
import { type InForce, Reporter } from './reporter.ts';

/** How often counters are told. */
const COUNTERS_MS = 250;

export interface ReportingOptions {
  readonly cluster: Pick<Cluster, 'cluster$' | 'snapshot'>;
  readonly open: OpenAddresses;
  readonly inForce: () => InForce;
  readonly send: (report: Report) => void;
}

/** Tells the primary what changes in a worker: states at once, counters four times a second. */
export class Reporting {
  readonly #options: ReportingOptions;
  readonly #reporter = new Reporter();
  readonly #watching: Subscription;

  constructor(options: ReportingOptions) {
    this.#options = options;
    // Sockets open and close in the middle of a switch: what has become of it is told after the turn.
    const open$ = options.open.changed$.pipe(auditTime(0, asapScheduler));
    this.#watching = merge(options.cluster.cluster$, open$).subscribe(() => this.#tell(true));
    this.#watching.add(interval(COUNTERS_MS).subscribe(() => this.#tell(false)));
  }

  /** Tells everything that has changed. */
  now(): void {
    this.#tell(false);
  }

  /** Tells it for the last time. */
  end(): void {
    this.now();
    this.#watching.unsubscribe();
  }

  #tell(soon: boolean): void {
    const { cluster, open, inForce, send } = this.#options;
    const report = this.#reporter.next(cluster.snapshot, inForce(), open.addresses, soon);
    if (report !== undefined) send(report);
  }
}
