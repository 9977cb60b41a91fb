import type { ProxySettings } from '../../config/proxy-config.ts';
import { choose } from './balance.ts';
import type { Dispatching, Pick } from './exchange.ts';
import { RetryBudget } from './retry.ts';
import type { Target } from './targets.ts';

/** The targets of one route and whose turn it is. */
export class Rotation implements Dispatching {
  readonly budget = new RetryBudget();
  readonly retries: number;
  readonly coolDownMs: number;
  readonly #targets: readonly Target[];
  readonly #balance: ProxySettings['balance'];
  readonly #maxTunnels: number;
  #turn = 0;

  constructor(targets: readonly Target[], { retries, coolDownMs, balance, maxConnections }: ProxySettings) {
    this.#targets = targets;
    this.#balance = balance;
    this.#maxTunnels = maxConnections;
    this.retries = retries;
    this.coolDownMs = coolDownMs;
  }

  /** Seconds until a target is asked again, at least 1. */
  retryAfter(now: number): number {
    const soonest = Math.min(...this.#targets.map(({ restsUntil }) => restsUntil));
    return Math.max(1, Math.ceil((soonest - now) / 1000));
  }

  readonly pick = (tried: readonly Target[]): Pick | undefined => {
    const now = performance.now();
    const indices = tried.length === 0 ? NONE : tried.map((target) => this.#targets.indexOf(target));
    const choice = choose(this.#targets, this.#balance, indices, this.#turn, now);
    const target = choice === undefined ? undefined : this.#targets[choice.index];
    if (choice === undefined || target === undefined) return undefined;
    this.#turn = (choice.index + 1) % this.#targets.length;
    target.chosen(now, this.coolDownMs);
    return { target, isLastResort: choice.isLastResort };
  };

  /** The same for WebSockets, of which a target has only so many at once. */
  get forTunnels(): Dispatching {
    const { budget, retries, coolDownMs, pick } = this;
    const isFull = ({ tunnels }: Target): boolean => tunnels >= this.#maxTunnels;
    return { budget, retries, coolDownMs, pick: (tried) => pick([...tried, ...this.#targets.filter(isFull)]) };
  }
}

const NONE: readonly number[] = [];
