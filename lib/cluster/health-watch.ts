import { type Subscription, timer } from 'rxjs';
import type { HealthSettings } from '../config/health-settings.ts';
import { sameData } from '../config/plain-data.ts';
import { checkOf } from '../health/check.ts';
import type { HealthStatus } from '../health/health.ts';
import { monitor } from '../health/monitor.ts';
import { phaseOf } from '../health/phase.ts';
import { type HealthState, initialHealth } from '../health/thresholds.ts';
import { yieldTurn } from '../reactive/yield-turn.ts';
import { HealError } from './errors.ts';
import { Healer } from './healer.ts';
import { type HealthReport, looksAlike, statusNews } from './health-report.ts';
import type { Member } from './member.ts';

/**
 * Monitors that begin together.
 *
 * Each checks at once, and it is this process that accepts the connection and answers for the first time: a thousand at
 * once take so long that the last of them find nobody in time.
 */
const PORTION = 25;

/** Milliseconds that a portion waits for the first answers of the one before; some servers may never answer. */
const PATIENCE_MS = 100;

export interface HealthWatchOptions {
  /** Told whenever the health of a server has changed, but for how long things took. */
  readonly tell: (report: HealthReport) => void;
  /** Somebody is due for a restart; the healer knows who. */
  readonly due: () => void;
}

interface Watched {
  readonly member: Member;
  readonly settings: HealthSettings;
  readonly isEncrypted: boolean;
  state: HealthState;
  /** The status that was told last. */
  told: HealthStatus | undefined;
  monitoring: Subscription | undefined;
}

/**
 * Looks after the servers whose specs say so, for as long as they run, and knows which of them to restart.
 *
 * What is in place under an id is looked after once:
 *
 * - An exchange behind the same address goes on with what was found; unless that is `ok`, it is checked at once.
 * - Other times or counts (`intervalMs`, `fallToDown`, `heal`, …) do so too. Another check begins anew.
 * - A server that was down, was stopped, or moved begins anew as well, but for one that was stopped to heal it.
 *
 * A server that nobody looks after costs a look-up.
 */
export class HealthWatch {
  readonly healer: Healer;
  readonly #options: HealthWatchOptions;
  readonly #watched = new Map<string, Watched>();
  /** Those whose monitors have not begun yet. */
  #waiting: Watched[] = [];
  /** Those of the last portion that were not checked yet. */
  readonly #unanswered = new Set<Watched>();
  #beginning: Subscription | undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.healer = new Healer({ due: options.due, givenUp: (server) => this.#giveUp(server) });
  }

  /** A member was put in place or exchanged, or its lifecycle said something. */
  follow(member: Member): void {
    const { id, health: settings, tls } = member.spec;
    const former = this.#watched.get(id);
    const isRestart = this.healer.isRestarting(id);
    // Built anew by somebody else, or crashed: what was tried before is of no account.
    if (!isRestart) this.#acquit(id, member);
    if (settings === undefined || !member.up) {
      if (isRestart) this.#suspend(former);
      else this.forget(id);
      return;
    }
    const isEncrypted = tls !== undefined;
    const isAsBefore =
      former?.member === member && former.isEncrypted === isEncrypted && sameData(former.settings, settings);
    if (isAsBefore && !isRestart && former.state.status === 'ok') return;
    this.#suspend(former);
    const goesOn = (former?.member === member || isRestart) && sameData(former?.settings.check, settings.check);
    const [state, told] =
      goesOn && former !== undefined ? [former.state, former.told] : [initialHealth(performance.now()), undefined];
    member.healthSince = goesOn && former !== undefined ? former.member.healthSince : Date.now();
    member.health = state;
    const watched: Watched = { member, settings, isEncrypted, state, told, monitoring: undefined };
    this.#watched.set(id, watched);
    this.#waiting.push(watched);
    if (this.#beginning === undefined) this.#beginSoon();
  }

  /** Nobody stands in this place any more, or nobody is to look after whoever does. */
  forget(id: string): void {
    const watched = this.#watched.get(id);
    this.healer.forget(id);
    this.#watched.delete(id);
    this.#suspend(watched);
  }

  /** Whether the restart that was taken from the healer is still needed; if so, it begins now. */
  beginRestart(server: string): boolean {
    const watched = this.#watched.get(server);
    if (watched === undefined || !this.healer.isDue(server)) return false;
    this.#options.tell({ server, health: watched.state, news: 'restart' });
    return true;
  }

  /**
   * The restart that was taken from the healer was made, was not needed, or could not be made.
   *
   * @param error - why it could not be.
   */
  endRestart(server: string, error?: Error): void {
    this.healer.finish();
    const watched = this.#watched.get(server);
    if (watched === undefined || error === undefined) return;
    this.#options.tell({ server, health: watched.state, news: 'restart-failed', error });
  }

  /** Connections that hung on a server that was restarted did not finish in time. */
  dismissed(server: string, cut: number): void {
    const watched = this.#watched.get(server);
    if (watched !== undefined) this.#options.tell({ server, health: watched.state, news: 'cut', cut });
  }

  /** Looks after nobody any more. */
  stop(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
    this.#waiting = [];
    this.#beginning?.unsubscribe();
  }

  /** After the turn in which they were put in place: own checks are code of the user, and have no business in it. */
  #beginSoon(): void {
    this.#beginning = yieldTurn().subscribe(() => this.#begin());
  }

  #begin(): void {
    this.#unanswered.clear();
    // Some may have been exchanged or have gone meanwhile.
    const portion = this.#waiting
      .splice(0, PORTION)
      .filter((watched) => this.#watched.get(watched.member.spec.id) === watched);
    for (const watched of portion) this.#unanswered.add(watched);
    this.#beginning = this.#waiting.length === 0 ? undefined : timer(PATIENCE_MS).subscribe(() => this.#begin());
    for (const watched of portion) this.#monitor(watched);
  }

  /** The last of a portion: the next one need not wait. */
  #answered(watched: Watched): void {
    if (!this.#unanswered.delete(watched) || this.#unanswered.size > 0 || this.#beginning === undefined) return;
    this.#beginning.unsubscribe();
    this.#beginSoon();
  }

  #monitor(watched: Watched): void {
    const { settings, isEncrypted, member, state } = watched;
    const server = member.spec.id;
    const check = checkOf(settings, { server, address: member.address, encrypted: isEncrypted });
    watched.monitoring = monitor(check, settings, { from: state, phase: phaseOf(server) }).subscribe((next) => {
      if (next.checks > watched.state.checks) this.#learn(watched, next);
    });
  }

  #learn(watched: Watched, state: HealthState): void {
    const { member, settings, state: before, told } = watched;
    const server = member.spec.id;
    const news = statusNews(told, state);
    this.#answered(watched);
    watched.state = state;
    watched.told = news ?? told;
    if (state.status !== before.status) member.healthSince = Date.now();
    member.health = state;
    if (state.status !== 'down') member.unhealed = undefined;
    // That a server is well for the first time was expected of it.
    const isTold = news !== undefined && !(told === undefined && news === 'ok');
    if (!looksAlike(before, state)) this.#options.tell({ server, health: state, ...(isTold ? { news } : {}) });
    if (!settings.heal) return;
    const { restart } = member.spec;
    this.healer.look(server, { status: state.status, succeeded: state.error === undefined }, { settings, restart });
  }

  #giveUp(server: string): void {
    const watched = this.#watched.get(server);
    if (watched === undefined) return;
    const { member, state } = watched;
    const error = new HealError(server, member.spec.restart, { cause: state.error });
    member.unhealed = error;
    this.#options.tell({ server, health: state, news: 'given-up', error });
  }

  #acquit(id: string, member: Member): void {
    this.healer.forget(id);
    member.unhealed = undefined;
  }

  #suspend(watched: Watched | undefined): void {
    if (watched === undefined) return;
    watched.monitoring?.unsubscribe();
    watched.member.health = undefined;
    this.#answered(watched);
  }
}
