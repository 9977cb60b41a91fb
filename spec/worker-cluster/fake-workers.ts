import { EMPTY, Observable, ReplaySubject, Subject, type Subscription } from 'rxjs';
import { type Address, formatAddress } from '../../lib/config/address.ts';
import type { Acceptor, Listener, Listeners } from '../../lib/listener/listener.ts';
import type { Logger } from '../../lib/log/logger.ts';
import { Agent } from '../../lib/worker-cluster/agent/agent.ts';
import type { WorkerMetricsOptions } from '../../lib/worker-cluster/worker-cluster.ts';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import type { WorkersOptions } from '../../lib/workers/options.ts';
import type { RestartReport } from '../../lib/workers/restart-report.ts';
import type { WorkerSnapshot, WorkersSnapshot } from '../../lib/workers/snapshot.ts';
import type { Sockets as HeldSockets } from '../../lib/workers/sockets.ts';
import type { PrimaryTopic, TopicMessage } from '../../lib/workers/topic.ts';
import type { WorkerState, WorkersState } from '../../lib/workers/worker-state.ts';
import type { Workers, WorkersStopReport } from '../../lib/workers/workers.ts';
import { createSockets, type Sockets } from '../cluster/fixtures/sockets.ts';

/** A socket of this process that several agents accept at in turn. */
class SharedSocket {
  readonly acceptors = new Set<Acceptor>();
  readonly #parked: Parameters<Acceptor['accept']>[0][] = [];
  #next = 0;
  users = 0;
  subscription: Subscription | undefined;
  readonly address: Address;

  constructor(listener: Listener) {
    this.address = listener.address;
    listener.attach({
      accept: (socket) => {
        const all = [...this.acceptors];
        const one = all[this.#next++ % Math.max(1, all.length)];
        if (one === undefined) this.#parked.push(socket);
        else one.accept(socket);
      },
    });
  }

  attach(acceptor: Acceptor): void {
    this.acceptors.add(acceptor);
    for (const socket of this.#parked.splice(0)) acceptor.accept(socket);
  }

  /** One user less; the last one closes it. */
  leave(): void {
    this.users -= 1;
    if (this.users === 0) this.subscription?.unsubscribe();
  }
}

/** What happens to a message, or to the process that says or hears it. */
export type Fate = 'pass' | 'lose' | 'kill' | 'freeze';

export interface Said {
  readonly slot: number;
  readonly pid: number;
  readonly to: 'agent' | 'primary';
  readonly type: string;
  readonly body: unknown;
}

interface FakeProcess {
  readonly slot: number;
  readonly pid: number;
  readonly agent: Agent;
  readonly inbox$: ReplaySubject<unknown>;
  readonly life: { alive: boolean; frozen: boolean; ready: boolean };
  /** What waits while it is frozen. */
  readonly held: (() => void)[];
  /** Lets go of every socket it accepts at, as the system does when it ends. */
  readonly sockets: Set<() => void>;
}

const DEFAULTS = { count: 2, respawn: true };

/** Workers whose processes are agents in this process: messages take a turn, and every step can be broken. */
export class FakeWorkers implements Workers {
  readonly name = 'fake workers';
  readonly events$ = new Subject<WorkersEvent>();
  readonly reports$ = EMPTY;
  readonly state$ = new ReplaySubject<WorkersState>(1);
  readonly workers$ = new ReplaySubject<WorkersSnapshot>(1);
  readonly exitCode = 0;
  readonly system: Sockets = createSockets();
  /** Everything that was said, in order. */
  readonly said: Said[] = [];
  error: Error | undefined;
  /** Decides about every message from now on. */
  fate: (message: Said) => Fate = () => 'pass';
  /** What a process is started with; a test may break its sockets. */
  listenersOf: (slot: number, listeners: Listeners) => Listeners = (_slot, listeners) => listeners;
  /** What processes were asked to measure with, and what measuring does. */
  readonly measured: { readonly slot: number; readonly options: WorkerMetricsOptions }[] = [];
  measure: (log: Logger) => Promise<void> = async () => {};
  respawn: boolean;
  readonly #count: number;
  readonly #messages$ = new Subject<TopicMessage>();
  readonly #processes = new Map<number, FakeProcess>();
  readonly #held = new Map<string, SharedSocket>();
  readonly #slots: WorkerState[];
  #state: WorkersState = 'New';
  #pid = 1_000;
  #over = false;

  constructor(options: Pick<WorkersOptions, 'count' | 'respawn'> = DEFAULTS) {
    this.#count = typeof options.count === 'number' ? options.count : 2;
    this.respawn = options.respawn !== false && options.respawn !== 'never';
    this.#slots = Array.from({ length: this.#count }, () => 'starting');
    this.state$.next('New');
    this.#show();
  }

  readonly sockets: HeldSockets = {
    hold: (address) =>
      new Observable((subscriber) => {
        let shared: SharedSocket | undefined;
        const binding = this.system.listeners(address).subscribe({
          next: (listener) => {
            shared = new SharedSocket(listener);
            shared.users += 1;
            this.#held.set(formatAddress(listener.address), shared);
            subscriber.next({ address: listener.address });
          },
          error: (cause: unknown) => subscriber.error(cause),
        });
        if (shared !== undefined) shared.subscription = binding;
        return () => {
          if (shared === undefined) {
            binding.unsubscribe();
            return;
          }
          shared.subscription = binding;
          shared.leave();
        };
      }),
  };

  get snapshot(): WorkersSnapshot {
    return {
      state: this.#state,
      count: this.#count,
      active: this.#slots.filter((state) => state === 'active').length,
      restarting: false,
      spares: 0,
      workers: this.#slots.map((state, slot): WorkerSnapshot => {
        const process = this.processOf(slot);
        return {
          slot,
          state,
          pid: process?.pid ?? 0,
          port: 0,
          startedAt: 0,
          since: 0,
          uptimeMs: 0,
          restarts: 0,
          crashes: 0,
          recentCrashes: 0,
        };
      }),
      ...(this.error === undefined ? {} : { error: this.error }),
    };
  }

  /** The newest process of a slot that lives. */
  processOf(slot: number): { readonly pid: number; readonly agent: Agent } | undefined {
    return [...this.#processes.values()].reverse().find((one) => one.slot === slot && one.life.alive);
  }

  topic(): PrimaryTopic {
    return {
      messages$: this.#messages$,
      send: (pid, body) =>
        new Observable((subscriber) => {
          const process = this.#processes.get(pid);
          const copy: unknown = structuredClone(body);
          const settle = (delivered: boolean): void => {
            subscriber.next(delivered);
            subscriber.complete();
          };
          if (process === undefined) {
            queueMicrotask(() => settle(false));
            return;
          }
          this.#pass(process, 'agent', copy, (delivered) => {
            if (delivered) process.inbox$.next(copy);
            settle(delivered);
          });
        }),
    };
  }

  async start(): Promise<void> {
    this.#over = false;
    this.error = undefined;
    this.#slots.fill('starting');
    this.#enter('Booting');
    const ready = Array.from({ length: this.#count }, (_, slot) => this.#spawn(slot));
    const results = await Promise.all(ready);
    if (this.#over) return;
    if (!results.includes(true)) {
      this.fail(new Error('none could be started'));
      throw this.error;
    }
    this.#enter('Running');
  }

  async stop(options: { readonly drainTimeoutMs?: number } = {}): Promise<WorkersStopReport> {
    this.#over = true;
    if (this.#state !== 'Stopped') this.#enter('Stopping');
    const forced: number[] = [];
    await Promise.all(
      [...this.#processes.values()].map(async (process) => {
        if (process.life.frozen) {
          forced.push(process.slot);
          this.kill(process.slot);
          return;
        }
        await process.agent.stop(options);
        await turn();
        this.#exit(process, 0, null);
      }),
    );
    for (const held of this.#held.values()) held.subscription?.unsubscribe();
    if (this.#state !== 'Stopped') this.#enter('Stopped');
    return { forced, durationMs: 0 };
  }

  /** Every slot gets another process, that of the slot leaving when it is ready. */
  async restart(): Promise<RestartReport> {
    const replaced: number[] = [];
    for (let slot = 0; slot < this.#count; slot += 1) {
      const old = [...this.#processes.values()].find((one) => one.slot === slot);
      if (await this.#spawn(slot)) replaced.push(slot);
      if (old === undefined) continue;
      await old.agent.stop({ handOver: true });
      await turn();
      this.#exit(old, 0, null);
    }
    return { status: 'done', replaced, kept: [], failed: [], forced: [], durationMs: 0 };
  }

  /** As `kill -9`: nothing more is heard of it, and what it held is let go of. */
  kill(slot: number): void {
    const process = [...this.#processes.values()].find((one) => one.slot === slot && one.life.alive);
    if (process !== undefined) this.#kill(process);
  }

  /** As `kill -STOP`: what it is told waits, and so does what it says. */
  freeze(slot: number): void {
    for (const one of this.#processes.values()) if (one.slot === slot) one.life.frozen = true;
  }

  thaw(slot: number): void {
    for (const one of this.#processes.values()) {
      if (one.slot !== slot) continue;
      one.life.frozen = false;
      for (const deliver of one.held.splice(0)) deliver();
    }
  }

  /** All of them are given up. */
  fail(error: Error): void {
    this.error = error;
    this.#enter('Error');
  }

  /** Starts a process for a slot that has none. */
  revive(slot: number): Promise<boolean> {
    return this.#spawn(slot);
  }

  signal(): void {}
  async enable(): Promise<void> {}
  async scale(): Promise<void> {}
  stats = never;
  workerStats = never;
  collect = never;
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #spawn(slot: number): Promise<boolean> {
    this.#pid += 1;
    const pid = this.#pid;
    const inbox$ = new ReplaySubject<unknown>();
    const life = { alive: true, frozen: false, ready: false };
    const sockets = new Set<() => void>();
    const agent = new Agent({
      listeners: this.listenersOf(slot, this.#listeners(sockets)),
      topic: {
        messages$: inbox$,
        send: (body) => {
          const copy: unknown = structuredClone(body);
          this.#pass(process, 'primary', copy, (delivered) => {
            if (delivered) this.#messages$.next({ slot, pid, body: copy });
          });
        },
      },
      measure: (_cluster, options, log) => {
        this.measured.push({ slot, options });
        return this.measure(log);
      },
    });
    const process: FakeProcess = { slot, pid, agent, inbox$, life, held: [], sockets };
    this.#processes.set(pid, process);
    this.events$.next({ at: 0, type: 'starting', slot, pid, why: 'start' });
    return new Promise((resolve) => {
      agent.state$.subscribe((state) => {
        if (state === 'Running' && life.alive) {
          life.ready = true;
          this.#slots[slot] = 'active';
          this.events$.next({ at: 0, type: 'active', slot, pid, bootMs: 0 });
          this.#show();
          resolve(true);
        }
        if (state === 'Error') {
          queueMicrotask(() => this.#exit(process, 1, null, agent.error));
          resolve(false);
        }
        if (state === 'Stopped') resolve(false);
      });
      agent.start();
    });
  }

  /** Messages take a turn of their own, in order; each may meet its fate. */
  #pass(process: FakeProcess, to: Said['to'], body: unknown, deliver: (delivered: boolean) => void): void {
    const { slot, pid, life, held } = process;
    const message: Said = { slot, pid, to, type: typeOf(body), body };
    queueMicrotask(() => {
      const go = (): void => deliver(life.alive);
      if (!life.alive) return deliver(false);
      this.said.push(message);
      if (life.frozen) return void held.push(go);
      switch (this.fate(message)) {
        case 'pass':
          return go();
        case 'lose':
          return deliver(false);
        case 'kill':
          this.#kill(process);
          return deliver(false);
        case 'freeze':
          life.frozen = true;
          held.push(go);
      }
    });
  }

  #kill(process: FakeProcess): void {
    this.#exit(process, null, 'SIGKILL');
  }

  #exit(process: FakeProcess, code: number | null, signal: NodeJS.Signals | null, error?: Error): void {
    const { slot, pid, life, sockets, agent } = process;
    if (!life.alive) return;
    life.alive = false;
    this.#processes.delete(pid);
    void agent.stop({ drainTimeoutMs: 0 });
    for (const leave of sockets) leave();
    const crash = code !== 0;
    const exit = { code, signal, crash, forced: signal !== null, at: 0, ...(error === undefined ? {} : { error }) };
    if (this.processOf(slot) === undefined) this.#slots[slot] = crash ? 'crashed' : 'stopped';
    this.events$.next({ at: 0, type: 'exit', slot, pid, exit });
    this.#show();
    if (crash && this.respawn && !this.#over && life.ready) {
      this.#slots[slot] = 'respawning';
      this.#show();
      setImmediate(() => this.#over || void this.#spawn(slot));
    }
  }

  #listeners(own: Set<() => void>): Listeners {
    return (address) =>
      new Observable((subscriber) => {
        const shared = this.#held.get(formatAddress(address));
        if (shared === undefined) {
          subscriber.error(new Error(`the primary does not hold ${formatAddress(address)}`));
          return undefined;
        }
        shared.users += 1;
        let attached: Acceptor | undefined;
        const leave = (): void => {
          if (!own.delete(leave)) return;
          if (attached !== undefined) shared.acceptors.delete(attached);
          shared.leave();
        };
        own.add(leave);
        let acceptedAt = 0;
        subscriber.next({
          address: shared.address,
          get acceptedAt() {
            return acceptedAt;
          },
          limit: () => {},
          attach: (acceptor) => {
            if (attached !== undefined) shared.acceptors.delete(attached);
            attached = {
              accept: (socket) => {
                acceptedAt = performance.now();
                acceptor.accept(socket);
              },
            };
            shared.attach(attached);
          },
        });
        return leave;
      });
  }

  #enter(state: WorkersState): void {
    this.#state = state;
    this.state$.next(state);
    this.#show();
  }

  #show(): void {
    this.workers$.next(this.snapshot);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const never = (): never => {
  throw new Error('nobody asks for that here');
};

const typeOf = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'type' in body ? String(body.type) : '';
