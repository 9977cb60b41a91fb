import type { ProxyTarget } from '../../config/proxy-target.ts';
import { afterChoice, afterFailure, afterWake, HEALTHY, type Health } from './health.ts';
import type { Upstream, UpstreamOptions } from './upstream.ts';

/** What becomes of a target, for the log. */
export interface TargetNews {
  /** It gives no answers and is left alone. */
  down(target: string): void;
  /** It answers again. */
  up(target: string): void;
}

/** Somebody who answers, as all routes see it that pass requests on to it in the same way. */
export class Target {
  readonly name: string;
  readonly upstream: Upstream;
  inFlight = 0;
  /** WebSockets among them. */
  tunnels = 0;
  readonly #news: TargetNews | undefined;
  #health: Health = HEALTHY;

  constructor(name: string, upstream: Upstream, news?: TargetNews) {
    this.name = name;
    this.upstream = upstream;
    this.#news = news;
  }

  get restsUntil(): number {
    return this.#health.restsUntil;
  }

  /** It was chosen for a request. */
  chosen(now: number, coolDownMs: number): void {
    if (this.#health !== HEALTHY) this.#health = afterChoice(this.#health, now, coolDownMs);
  }

  /** Somebody says that it was started. */
  wake(now: number): void {
    this.#health = afterWake(this.#health, now);
  }

  answered(): void {
    const wasDown = this.#health.rests > 0;
    this.#health = HEALTHY;
    if (wasDown) this.#news?.up(this.name);
  }

  /** It got no answer from there. */
  failed(isReachable: boolean, now: number, coolDownMs: number): void {
    const wasUp = this.#health.rests === 0;
    this.#health = afterFailure(this.#health, isReachable, now, coolDownMs);
    if (wasUp && this.#health.rests > 0) this.#news?.down(this.name);
  }
}

const keyOf = ({ name }: ProxyTarget, options: UpstreamOptions): string =>
  JSON.stringify([name, ...Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))]);

/**
 * The targets of a cluster: who asks for the same one in the same way gets the same one, with its warm connections and
 * what is known of its health.
 *
 * Nobody has to give one back: a target that no route knows any more is forgotten with the last of them.
 */
export class Targets {
  readonly #known = new Map<string, WeakRef<Target>>();
  readonly #forgotten = new FinalizationRegistry<string>((key) => {
    if (this.#known.get(key)?.deref() === undefined) this.#known.delete(key);
  });
  readonly #open: (target: ProxyTarget, options: UpstreamOptions) => Upstream;

  readonly #news: TargetNews | undefined;

  constructor(open: (target: ProxyTarget, options: UpstreamOptions) => Upstream, news?: TargetNews) {
    this.#open = open;
    this.#news = news;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#known.size;
  }

  of(target: ProxyTarget, options: UpstreamOptions): Target {
    const key = keyOf(target, options);
    const known = this.#known.get(key)?.deref();
    if (known !== undefined) return known;
    const made = new Target(target.name, this.#open(target, options), this.#news);
    this.#known.set(key, new WeakRef(made));
    this.#forgotten.register(made, key);
    return made;
  }
}
