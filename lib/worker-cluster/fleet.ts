import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  first,
  ignoreElements,
  merge,
  type Observable,
  of,
  race,
  Subject,
  Subscription,
  startWith,
  timer,
} from 'rxjs';
import { type Address, overlaps, parseAddress } from '../config/address.ts';
import type { Logger } from '../log/logger.ts';
import type { PrimaryTopic } from '../workers/topic.ts';
import { NoWorkersError, WorkerLostError, WorkerSilentError } from './errors.ts';
import { fromDetailsData } from './log-details.ts';
import { type AgentSettings, type ConfigData, type FromAgent, readFromAgent, type ToAgent } from './messages.ts';
import { Peer } from './peer.ts';
import { type PeerEvent, type Proposal, type RoundResult, round } from './round.ts';

/** How long a commit waits for workers that are just catching up, so that none is left behind by commit after commit. */
const CATCH_UP_MS = 2_000;

const NOTHING: ConfigData = { epoch: 0, revision: 0, servers: {}, marks: {} };

export interface FleetOptions {
  readonly topic: PrimaryTopic;
  /** Processes that have ended, by id. Hot. */
  readonly ended$: Observable<number>;
  /** Processes of which nothing is heard any more. Hot. */
  readonly silent$: Observable<{ readonly pid: number; readonly silentMs: number }>;
  /** Emits why when no worker runs, and none will. Replays. */
  readonly failed$: Observable<Error | undefined>;
  readonly settings: AgentSettings;
  readonly prepareTimeoutMs: number;
  readonly logger: Logger;
}

/**
 * The processes that follow the primary: who they are, what they run, and how they come to run the same.
 *
 * A process joins, catches up with what is in force, and is admitted between two commits: it takes part in whole ones
 * only.
 */
export class Fleet {
  /** Something about a process has changed. Hot. */
  readonly changed$ = new Subject<void>();
  readonly #options: FleetOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #events$ = new Subject<PeerEvent>();
  readonly #life = new Subscription();
  #inForce = NOTHING;
  #isBusy = false;
  #rounds = 0;
  #isCounting = false;
  #cut = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Begins to hear them; the workers have begun a life of their own by then, and said nothing yet. */
  begin(): void {
    const { topic, ended$, silent$ } = this.#options;
    this.#life.add(
      topic.messages$.subscribe(({ slot, pid, body }) => {
        const message = readFromAgent(body);
        if (message !== undefined) this.#hear(slot, pid, message);
      }),
    );
    this.#life.add(ended$.subscribe((pid) => this.#gone(pid)));
    this.#life.add(silent$.subscribe(({ pid, silentMs }) => this.#silent(pid, silentMs)));
  }

  /** All processes with an agent in them, in the order in which they joined. */
  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  get members(): readonly Peer[] {
    return this.peers.filter(({ phase }) => phase === 'member');
  }

  /** How many switches there were. */
  get epoch(): number {
    return this.#inForce.epoch;
  }

  /** Connections that were cut since `leave`. */
  get cut(): number {
    return this.#cut;
  }

  /** Whether workers accept at an address, or at one that overlaps with it. */
  isListening(address: Address): boolean {
    return this.peers.some(({ listening }) =>
      listening.some((text) => {
        const parsed = parseAddress(text);
        return parsed.ok && overlaps(parsed.address, address);
      }),
    );
  }

  /**
   * Puts a config in force in all workers, or in none. One at a time.
   *
   * Waits for workers that are catching up, for a while, and for the first worker while there is none. Cold, emits once,
   * never errors; unsubscribing before it is decided has all of them undo it.
   *
   * @param decided - called when there is no way back.
   */
  commit(proposal: Proposal, decided: () => void): Observable<RoundResult> {
    const { prepareTimeoutMs } = this.#options;
    return defer(() => {
      this.#isBusy = true;
      const until = performance.now() + prepareTimeoutMs;
      const attempt = (): Observable<RoundResult> =>
        concat(this.#settled(), this.#attended(Math.max(0, until - performance.now()))).pipe(
          concatMap((missing) => (missing === undefined ? this.#round(proposal, decided) : of(noWorkers(missing)))),
          concatMap((result) => (result.status === 'deserted' ? attempt() : of(result))),
        );
      return attempt();
    }).pipe(
      finalize(() => {
        this.#isBusy = false;
        for (const peer of this.#peers.values()) this.#welcome(peer);
      }),
    );
  }

  /** Says how long servers have to drain when their workers are asked to leave, and counts what is cut from then on. */
  leave(drainTimeoutMs: number | undefined): void {
    this.#isCounting = true;
    if (drainTimeoutMs === undefined) return;
    for (const peer of this.#peers.values()) this.#tell(peer, { type: 'leave', drainTimeoutMs });
  }

  /** Hears nobody any more. */
  end(): void {
    this.#life.unsubscribe();
    this.#peers.clear();
  }

  #round(proposal: Proposal, decided: () => void): Observable<RoundResult> {
    this.#rounds += 1;
    return round(proposal, {
      number: this.#rounds,
      peers: this.members,
      events$: this.#events$,
      send: (peer, message) => this.#options.topic.send(peer.pid, message),
      prepareTimeoutMs: this.#options.prepareTimeoutMs,
      decided: () => {
        this.#inForce = proposal.config;
        decided();
      },
    });
  }

  /** Completes when nobody is catching up, or when that has taken too long. */
  #settled(): Observable<never> {
    return defer(() => {
      // Between two commits: those that have caught up meanwhile are let in.
      for (const peer of this.#peers.values()) this.#welcome(peer, true);
      const isSettled = (): boolean => this.peers.every(({ phase }) => phase !== 'joining');
      if (isSettled()) return EMPTY;
      const admit$ = this.#events$.pipe(
        filter(({ peer }) => {
          if (this.#peers.get(peer.pid) === peer) this.#welcome(peer, true);
          return isSettled();
        }),
      );
      return race(admit$, timer(CATCH_UP_MS)).pipe(first(), ignoreElements());
    });
  }

  /** Emits when there is a member: nothing, or why there will be none. */
  #attended(limitMs: number): Observable<Error | undefined> {
    return defer(() => {
      if (this.members.length > 0) return of(undefined);
      const admitted$ = this.#events$.pipe(
        startWith(undefined),
        filter((event) => {
          if (event !== undefined && this.#peers.get(event.peer.pid) === event.peer) this.#welcome(event.peer, true);
          return this.members.length > 0;
        }),
        concatMap(() => of(undefined)),
      );
      const failed$ = this.#options.failed$.pipe(
        filter((failure) => failure !== undefined),
        concatMap((cause) => of(new NoWorkersError({ cause }))),
      );
      const late$ = timer(limitMs).pipe(concatMap(() => of(new NoWorkersError())));
      return merge(admitted$, failed$, late$).pipe(first());
    });
  }

  #hear(slot: number, pid: number, message: FromAgent): void {
    const peer = this.#peerOf(slot, pid, message);
    if (peer === undefined) return;
    if (peer.phase === 'silent') peer.rejoin();
    switch (message.type) {
      case 'report':
        peer.hear(message.report);
        break;
      case 'caught-up':
        peer.epoch = message.epoch;
        break;
      case 'leaving':
        peer.phase = 'leaving';
        break;
      case 'left':
        if (this.#isCounting) this.#cut += message.cut;
        peer.servers.clear();
        break;
      case 'log':
        this.#log(peer, message);
        return;
      default:
    }
    this.#events$.next({ peer, message });
    this.changed$.next();
    this.#welcome(peer);
  }

  /** Whoever joins is new, whatever was known under that process id. */
  #peerOf(slot: number, pid: number, message: FromAgent): Peer | undefined {
    if (message.type !== 'join') return this.#peers.get(pid);
    this.#gone(pid);
    const peer = new Peer({ slot, pid });
    this.#peers.set(pid, peer);
    return peer;
  }

  #gone(pid: number): void {
    const peer = this.#peers.get(pid);
    if (peer === undefined) return;
    this.#peers.delete(pid);
    // It was killed before it could say what it cut: as many requests as it had last.
    if (this.#isCounting) for (const { inFlight } of peer.servers.values()) this.#cut += inFlight;
    this.#events$.next({ peer, gone: new WorkerLostError() });
    this.changed$.next();
  }

  /** It is waited for by nobody; what it was told it will do, should it go on. */
  #silent(pid: number, silentMs: number): void {
    const peer = this.#peers.get(pid);
    if (peer === undefined || peer.phase === 'leaving') return;
    peer.phase = 'silent';
    this.#events$.next({ peer, gone: new WorkerSilentError(silentMs) });
    this.changed$.next();
  }

  /**
   * Lets a process that joins in when it runs what is in force, or sends it that.
   *
   * @param between - no commit is under way, although one is about to begin.
   */
  #welcome(peer: Peer, between = false): void {
    if (peer.phase !== 'joining' || (this.#isBusy && !between && peer.sent >= 0)) return;
    const { epoch } = this.#inForce;
    if (peer.epoch === epoch && peer.sent === epoch) {
      peer.phase = 'member';
      this.#tell(peer, { type: 'admit' });
      this.changed$.next();
    } else if (peer.sent !== epoch) {
      peer.sent = epoch;
      this.#tell(peer, { type: 'catch-up', settings: this.#options.settings, config: this.#inForce });
    }
  }

  #log({ slot }: Peer, { lines, dropped }: Extract<FromAgent, { readonly type: 'log' }>): void {
    const { logger } = this.#options;
    for (const { level, message, details } of lines) {
      const text = `worker ${slot}: ${message}`;
      if (details === undefined) logger[level](text);
      else logger[level](text, fromDetailsData(details));
    }
    if (dropped > 0) logger.warn(`worker ${slot}: ${dropped} more lines were dropped`);
  }

  #tell(peer: Peer, message: ToAgent): void {
    this.#options.topic.send(peer.pid, message).subscribe();
  }
}

const noWorkers = (cause: Error): RoundResult => ({
  status: 'refused',
  refusals: [{ server: '', cause, issues: [] }],
  unrestored: [],
});
