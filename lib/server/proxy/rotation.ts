import type { ProxySettings } from '../../config/proxy-config.ts';
import { choose, creditsAfter, type Order } from './balance.ts';
import { ProxyError } from './errors.ts';
import type { Dispatching, Pick } from './exchange.ts';
import type { Lineup } from './lineup.ts';
import { hashText } from './rendezvous.ts';
import { RetryBudget } from './retry.ts';
import type { Target } from './targets.ts';

/** The targets of one route and whose turn it is. */
export class Rotation implements Dispatching {
  readonly budget = new RetryBudget();
  readonly retries: number;
  readonly coolDownMs: number;
  readonly #lineup: Lineup;
  readonly #balance: ProxySettings['balance'];
  readonly #maxTunnels: number;
  #turn = 0;

  constructor(lineup: Lineup, { retries, coolDownMs, balance, maxConnections }: ProxySettings) {
    this.#lineup = lineup;
    this.#balance = balance;
    this.#maxTunnels = maxConnections;
    this.retries = retries;
    this.coolDownMs = coolDownMs;
  }

  /** Seconds until a target is asked again, at least 1. */
  retryAfter(now: number): number {
    const members = this.#lineup();
    const soonest = Math.min(...members.map(({ restsUntil }) => restsUntil));
    // Who is not there says nothing of when.
    return members.length === 0 ? 1 : Math.max(1, Math.ceil((soonest - now) / 1000));
  }

  /** What a target is chosen by. What has no key belongs to nobody, and goes to each in turn. */
  #orderFor(key: string | undefined): Order {
    if (typeof this.#balance === 'string') return this.#balance;
    return key === undefined ? 'weighted' : { key: hashText(key) };
  }

  readonly pick = (tried: readonly Target[], key: string | undefined): Pick | undefined => {
    const now = performance.now();
    const members = this.#lineup();
    const indices =
      tried.length === 0 ? NONE : tried.map((target) => members.findIndex((one) => one.target === target));
    const order = this.#orderFor(key);
    const choice = choose(members, order, indices, this.#turn, now);
    const member = choice === undefined ? undefined : members[choice.index];
    if (choice === undefined || member === undefined) return undefined;
    if (order === 'weighted' && !choice.isLastResort) {
      const credits = creditsAfter(members, choice.index, indices, now);
      for (const [index, credit] of credits.entries()) {
        const owed = members[index];
        if (owed !== undefined) owed.credit = credit;
      }
    }
    this.#turn = (choice.index + 1) % members.length;
    member.target.chosen(now, this.coolDownMs);
    return { target: member.target, isLastResort: choice.isLastResort };
  };

  nobody(): ProxyError {
    return this.#lineup().length === 0
      ? new ProxyError('ERR_PROXY_EMPTY', 'no target')
      : new ProxyError('ERR_PROXY_FULL', 'every target');
  }

  /** The same for WebSockets, of which a target has only so many at once. */
  get forTunnels(): Dispatching {
    const { budget, retries, coolDownMs, pick } = this;
    return {
      budget,
      retries,
      coolDownMs,
      pick: (tried, key) => {
        const full = this.#lineup().flatMap(({ target }) => (target.tunnels >= this.#maxTunnels ? [target] : []));
        return pick([...tried, ...full], key);
      },
      nobody: () => this.nobody(),
    };
  }
}

const NONE: readonly number[] = [];
