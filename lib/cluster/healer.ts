import { asyncScheduler, type SchedulerLike, type Unsubscribable } from 'rxjs';
import { afterLook, afterRestart, type Healing, type HealingRules, initialHealing } from './healing.ts';

/** What a healer needs to know of one check. */
export type Look = Parameters<typeof afterLook>[1];

export interface HealerOptions {
  /** Somebody is due for a restart. */
  readonly due: () => void;
  /** A server was restarted as often as it may be, and is still down; it is left alone. */
  readonly givenUp: (server: string) => void;
  readonly random?: () => number;
  /** A clock that does not jump; `performance.now` by default. */
  readonly now?: () => number;
  readonly scheduler?: SchedulerLike;
}

interface Patient {
  healing: Healing;
  /** Until its restart is due. */
  wait: Unsubscribable | undefined;
}

/**
 * Sees to it that servers that are down are restarted: when each is due, and one after the other.
 *
 * It restarts nobody itself. Whoever is due is asked for with `take`, at a moment at which nothing else is being changed,
 * and `finish` says that it was done. Whoever answers again, or is forgotten, is due no more.
 */
export class Healer {
  readonly #options: HealerOptions;
  readonly #patients = new Map<string, Patient>();
  /** In the order in which they became due. */
  readonly #due = new Set<string>();
  /** The restart under way is this server's. */
  #present: string | undefined;

  constructor(options: HealerOptions) {
    this.#options = options;
  }

  /** The restart that is being made at the moment is of this server. */
  isRestarting(server: string): boolean {
    return this.#present === server;
  }

  /** A server was checked. */
  look(server: string, look: Look, rules: Omit<HealingRules, 'random'>): void {
    const patient = this.#patients.get(server) ?? { healing: initialHealing, wait: undefined };
    const { now = monotonic, random = Math.random, scheduler = asyncScheduler } = this.#options;
    const { healing, remedy } = afterLook(patient.healing, look, now(), { ...rules, random });
    patient.healing = healing;
    this.#patients.set(server, patient);
    switch (remedy.type) {
      case 'none':
        return;
      case 'restart':
        patient.wait = scheduler.schedule(() => this.#call(server), remedy.delayMs);
        return;
      case 'call-off':
        this.#callOff(server);
        return;
      case 'give-up':
        this.#options.givenUp(server);
    }
  }

  /** The one that is due for the longest time, whose restart begins now; `undefined` while there is none, or one is made. */
  take(): string | undefined {
    if (this.#present !== undefined) return undefined;
    const [server] = this.#due;
    if (server === undefined) return undefined;
    this.#due.delete(server);
    this.#present = server;
    return server;
  }

  /** The restart under way was made, or could not be: from now on its checks are counted anew. */
  finish(): void {
    const patient = this.#patients.get(this.#present ?? '');
    this.#present = undefined;
    if (patient !== undefined) patient.healing = afterRestart(patient.healing);
  }

  /** The restart under way was not begun: it is due as before, unless it got well. */
  putOff(): void {
    const server = this.#present;
    this.#present = undefined;
    if (server !== undefined && this.#patients.get(server)?.healing.phase === 'waiting') this.#due.add(server);
  }

  /** Still to be restarted, while its restart is about to be made: it has not answered since, and nobody has changed it. */
  isDue(server: string): boolean {
    return this.#patients.get(server)?.healing.phase === 'waiting';
  }

  /** Nobody looks after this server any more, or somebody has built it anew: what was is of no account. */
  forget(server: string): void {
    this.#callOff(server);
    this.#patients.delete(server);
  }

  #call(server: string): void {
    this.#due.add(server);
    this.#options.due();
  }

  #callOff(server: string): void {
    this.#patients.get(server)?.wait?.unsubscribe();
    this.#due.delete(server);
  }
}

const monotonic = (): number => performance.now();
