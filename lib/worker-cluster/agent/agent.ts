import { defer, type Observable, ReplaySubject, type Subscription, type Unsubscribable } from 'rxjs';
import type { ClusterInstrument } from '../../cluster/instrument.ts';
import type { StopOptions, StopReport } from '../../cluster/orders.ts';
import type { Refusal } from '../../cluster/outcome.ts';
import type { ServerSnapshot } from '../../cluster/snapshot.ts';
import type { Listeners } from '../../listener/listener.ts';
import type { Runnable } from '../../supervision/runnable.ts';
import type { WorkerTopic } from '../../workers/topic.ts';
import { CatchUpError } from '../errors.ts';
import { type AgentSettings, type ConfigData, type FromAgent, readToAgent, type ToAgent } from '../messages.ts';
import { refusalsOf, toRefusalData, withoutSecrets } from '../refusal-data.ts';
import { drainingMs } from './draining-ms.ts';
import { carryOut, type Equipment, equip } from './equipment.ts';
import type { Measure } from './measuring.ts';
import { openAddresses } from './open-addresses.ts';
import { createRemoteLog } from './remote-log.ts';
import { Reporting } from './reporting.ts';
import { type Switch, Switches } from './switches.ts';

/** What an agent needs of its worker. */
export interface AgentSite {
  readonly listeners: Listeners;
  readonly topic: WorkerTopic;
  readonly measure: Measure;
}

type AgentState = 'New' | 'Booting' | 'Running' | 'Stopping' | 'Stopped' | 'Error';

type Prepare = Extract<ToAgent, { readonly type: 'prepare' }>;

const toError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)));

/**
 * Runs in every worker: a cluster that follows what the primary says, and takes part in its commits.
 *
 * 1. It joins. The primary sends what is in force; the agent runs it and says so, until there is nothing newer.
 * 2. It is admitted, and `Running`: from then on it prepares configs when it is asked to, says what came of it, and
 *    waits to be told to switch or to undo.
 * 3. It leaves when it is told to: it takes part in nothing any more, and finishes what it accepted.
 *
 * A config in force that it cannot run is its failure.
 */
export class Agent implements Runnable {
  readonly name = 'worker-cluster';
  readonly state$: Observable<AgentState>;
  readonly #site: AgentSite;
  readonly #states$ = new ReplaySubject<AgentState>(1);
  readonly #open;
  readonly #switches = new Switches();
  readonly #log;
  readonly #instruments = new Set<ClusterInstrument>();
  /** One after the other: what is prepared is decided before anything else is looked at. */
  #work: Promise<void> = Promise.resolve();
  #equipment: Equipment | undefined;
  #reporting: Reporting | undefined;
  #listening: Subscription | undefined;
  #inForce = { epoch: 0, revision: 0 };
  #state: AgentState = 'New';
  #error: Error | undefined;
  #drainTimeoutMs: number | undefined;
  #stopped: Promise<StopReport> | undefined;

  constructor(site: AgentSite) {
    this.#site = site;
    this.#states$.next('New');
    this.state$ = defer(() => this.#states$);
    this.#open = openAddresses(site.listeners);
    this.#log = createRemoteLog((lines, dropped) => this.#say({ type: 'log', lines, dropped }));
  }

  get error(): Error | undefined {
    return this.#error;
  }

  /** What it serves with, for those who count. */
  get snapshot(): { readonly servers: Readonly<Record<string, ServerSnapshot>> } {
    return { servers: this.#equipment?.cluster.snapshot.servers ?? {} };
  }

  /** Has an instrument told of requests; from the first server on. */
  instrument(instrument: ClusterInstrument): Unsubscribable {
    this.#instruments.add(instrument);
    const attached = this.#equipment?.cluster.instrument(instrument);
    return {
      unsubscribe: () => {
        this.#instruments.delete(instrument);
        attached?.unsubscribe();
      },
    };
  }

  start(): void {
    if (this.#state !== 'New') return;
    this.#enter('Booting');
    this.#listening = this.#site.topic.messages$.subscribe((body) => {
      const message = readToAgent(body);
      if (message !== undefined) this.#hear(message);
    });
    this.#say({ type: 'join' });
  }

  /** Leaves. `drainTimeoutMs` is the longest it may take; servers that need less take less. */
  stop(options: StopOptions = {}): Promise<StopReport> {
    this.#stopped ??= this.#leave(options);
    return this.#stopped;
  }

  async #leave({ drainTimeoutMs, handOver = false }: StopOptions): Promise<StopReport> {
    this.#say({ type: 'leaving' });
    if (this.#state !== 'Error') this.#enter('Stopping');
    this.#switches.abandon();
    const equipment = this.#equipment;
    if (equipment === undefined) return this.#end({ cut: 0, durationMs: 0 });
    const usual = drainingMs(equipment.settings.shutdownTimeoutMs);
    const shorter = drainTimeoutMs !== undefined && drainTimeoutMs < usual ? drainTimeoutMs : undefined;
    const limit = this.#drainTimeoutMs ?? shorter;
    return this.#end(
      await equipment.cluster.stop(limit === undefined ? { handOver } : { drainTimeoutMs: limit, handOver }),
    );
  }

  #end(report: StopReport): StopReport {
    this.#reporting?.end();
    this.#listening?.unsubscribe();
    this.#log.end();
    this.#say({ type: 'left', cut: report.cut });
    if (this.#state === 'Error') return report;
    this.#enter('Stopped');
    this.#states$.complete();
    return report;
  }

  #hear(message: ToAgent): void {
    switch (message.type) {
      case 'catch-up':
        // The primary has decided every round before it begins anything else, though its word may have been lost.
        this.#switches.abandon();
        this.#queue(() => this.#catchUp(message.settings, message.config));
        return;
      case 'admit':
        if (this.#state === 'Booting') this.#enter('Running');
        return;
      case 'prepare': {
        this.#switches.abandon();
        const decision = this.#switches.open(message.round);
        this.#queue(() => this.#prepare(message, decision));
        return;
      }
      case 'switch':
      case 'abort':
        this.#switches.decide(message.round, message.type);
        return;
      case 'leave':
        this.#drainTimeoutMs = message.drainTimeoutMs;
    }
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#stopped === undefined ? work() : undefined))
      .catch((cause) => this.#fail(cause));
  }

  async #catchUp(settings: AgentSettings, config: ConfigData): Promise<void> {
    const { cluster, names } = await this.#equip(settings);
    const named = await names.resolve(config, false);
    const cannot = (cause: unknown): CatchUpError => new CatchUpError(withoutSecrets(toError(cause), config.marks));
    if (!named.ok) throw cannot(named.refusals[0]?.cause);
    const outcome = await cluster.apply(named.config, { commit: 'atomic' });
    if (outcome.status === 'cancelled') return;
    if (outcome.status === 'rolledBack') throw cannot(outcome.cause);
    if (outcome.status === 'rejected') throw cannot(refusalsOf(outcome.issues)[0]?.cause);
    this.#arrive(config);
    this.#say({ type: 'caught-up', epoch: config.epoch });
  }

  async #prepare({ round, commit, config, renew }: Prepare, decision: Switch): Promise<void> {
    const equipment = this.#equipment;
    if (equipment === undefined || decision.isUndone) {
      this.#say({ type: 'undone', round, unrestored: [] });
      return;
    }
    const refuse = (refusals: readonly Refusal[], unrestored: readonly Refusal[] = []): void =>
      this.#say({
        type: 'refused',
        round,
        refusals: toRefusalData(refusals, config.marks),
        unrestored: toRefusalData(unrestored, config.marks),
      });
    let isPrepared = false;
    const prepared = (): Promise<void> => {
      isPrepared = true;
      this.#say({ type: 'prepared', round });
      return decision.made;
    };
    let behind: readonly Refusal[] = [];
    const confirm = (refused: readonly Refusal[]): Promise<void> => {
      if (refused.length === 0) return prepared();
      // The primary tries again without them, everywhere.
      behind = refused;
      return Promise.reject(refused[0]?.cause);
    };
    const outcome = await carryOut(equipment, config, renew, { commit, confirm }).catch((cause: unknown) =>
      refuse([{ server: '', cause: toError(cause), issues: [] }]),
    );
    if (outcome === undefined) return;
    if ('refusals' in outcome) return refuse(outcome.refusals);
    if (outcome.status === 'unchanged') {
      const isSwitched = await prepared().then(
        () => true,
        () => false,
      );
      if (isSwitched) this.#switched(round, config);
      else this.#say({ type: 'undone', round, unrestored: [] });
      return;
    }
    if (outcome.status === 'committed') return this.#switched(round, config);
    if (outcome.status === 'rejected') return refuse(refusalsOf(outcome.issues));
    if (outcome.status !== 'rolledBack') return;
    const { server, cause, unrestored, refused = [] } = outcome;
    if (isPrepared) this.#say({ type: 'undone', round, unrestored: toRefusalData(unrestored, config.marks) });
    else if (behind.length > 0) refuse(behind, unrestored);
    else refuse(refused.length > 0 ? refused : [{ server, cause, issues: [] }], unrestored);
  }

  #switched(round: number, config: ConfigData): void {
    this.#arrive(config);
    this.#say({ type: 'switched', round });
  }

  /** From now on this is in force here; what its servers are is told before anybody is told that it is done. */
  #arrive({ epoch, revision }: ConfigData): void {
    this.#inForce = { epoch, revision };
    this.#reporting?.now();
  }

  async #equip(settings: AgentSettings): Promise<Equipment> {
    if (this.#equipment !== undefined) return this.#equipment;
    this.#equipment = equip(settings, { listeners: this.#open.listeners, logger: this.#log });
    const { cluster } = this.#equipment;
    for (const instrument of this.#instruments) cluster.instrument(instrument);
    this.#reporting = new Reporting({
      cluster,
      open: this.#open,
      inForce: () => this.#inForce,
      send: (report) => this.#say({ type: 'report', report }),
    });
    if (settings.metrics !== undefined) await this.#site.measure(cluster, settings.metrics, this.#log);
    await cluster.start();
    return this.#equipment;
  }

  #fail(cause: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#error = toError(cause);
    this.#enter('Error');
  }

  #enter(state: AgentState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#states$.next(state);
  }

  #say(message: FromAgent): void {
    this.#site.topic.send(message);
  }
}
