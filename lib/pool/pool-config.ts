import { ConfigError, OptionsError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import type { TlsConfig } from '../config/tls-config.ts';
import { createPool } from './create-pool.ts';
import { PoolError, type PoolFailure } from './errors.ts';
import { issuesAmong } from './list-rules.ts';
import { copyListed, type ListedReading, type ListedServer, readListed, withTls } from './listed-server.ts';
import type { Pool, PoolOptions } from './pool.ts';
import type { PoolHandler } from './pool-server.ts';

/** A pool of those servers of a list that are valid, and what is wrong with the others. */
export interface LenientPool {
  readonly pool: Pool;
  /** `ERR_POOL_ADD`, with a failure for each server that is left out; `undefined` when none is. */
  readonly error: PoolError | undefined;
}

/** How a list becomes a pool. */
export interface ToPoolOptions {
  /** Servers that are not valid are left out instead of refused; `false` by default. */
  readonly lenient?: boolean;
}

/**
 * The servers of a pool to be, in order, with what they share.
 *
 * What is set applies to the servers when the list is read, not to the configs it was made of: setting it again, or to
 * `undefined`, leaves nothing behind. Iterating shows the servers as they would be, each a copy.
 */
export interface PoolConfig extends Iterable<ListedServer> {
  readonly size: number;
  /** What answers for servers that have neither `app` nor `routes`; `undefined` takes it away. */
  setHandler(handler: PoolHandler | undefined): PoolConfig;
  /**
   * Encrypts servers: those that say nothing of `tls` with these settings, those with settings of their own with those
   * over these, those with `tls: false` not. Lists (`certificates`, `ca`) are joined, a certificate replaced with its key.
   */
  setDefaultTls(tls: TlsConfig | undefined): PoolConfig;
  /** Aborting it stops the pool that the list becomes. */
  setSignal(signal: AbortSignal | undefined): PoolConfig;
  /** Visits servers in order until the visitor answers `false`; says whether it came to the end. */
  walk(visit: (server: ListedServer, index: number) => unknown): boolean;
  /**
   * All that is wrong with every server, by itself and beside the others; empty when nothing is. Never throws.
   *
   * `server` of an issue is its name, or `#` and its position from 0 when it has none of its own. Of two that want the
   * same name or address the later one is named.
   */
  validate(): readonly Issue[];
  /**
   * Makes a pool of the servers, which does not run yet. What `options` say goes before what was set here.
   *
   * Throws a `PoolError` (`ERR_POOL_VALIDATE`) when anything is wrong, with a failure for each server it is wrong with.
   * With `lenient: true` those are left out, and whoever depends on them; the error (`ERR_POOL_ADD`) is returned.
   */
  toPool(options?: PoolOptions, how?: ToPoolOptions & { readonly lenient?: false }): Pool;
  toPool(options: PoolOptions | undefined, how: ToPoolOptions & { readonly lenient: true }): LenientPool;
}

/**
 * Makes a list of servers, which can be checked as a whole and become a pool.
 *
 * The configs are copied: what happens to them afterwards does not show in the list. Throws an `OptionsError` for what
 * cannot be iterated.
 *
 * @example
 * ```ts
 * import { poolConfig } from 'sluice/pool';
 *
 * const configs = poolConfig([
 *   { name: 'api', listen: '127.0.0.1:8080' },
 *   { name: 'admin', listen: '127.0.0.1:8080' },
 * ]).setHandler(() => new Response('hello'));
 * console.log(configs.validate().map(({ server, path }) => `${server}.${path}`)); // [ 'admin.listen' ]
 * ```
 */
export const poolConfig = (configs: Iterable<ListedServer> = []): PoolConfig =>
  new ServerList(Array.from(listOf(configs), copyListed));

const listOf = (configs: unknown): Iterable<ListedServer> => {
  // What a list holds is looked at one by one, when it is read.
  if (typeof configs === 'object' && configs !== null && Symbol.iterator in configs)
    return configs as Iterable<ListedServer>;
  const hint =
    typeof configs === 'object' && configs !== null ? 'put it into a list: poolConfig([{ … }])' : 'poolConfig([{ … }])';
  throw new OptionsError('configs', '', `configs must be an iterable of configs of servers; ${hint}`);
};

class ServerList implements PoolConfig {
  readonly #servers: readonly ListedServer[];
  #handler: PoolHandler | undefined;
  #tls: TlsConfig | undefined;
  #signal: AbortSignal | undefined;

  constructor(servers: readonly ListedServer[]) {
    this.#servers = servers;
  }

  get size(): number {
    return this.#servers.length;
  }

  *[Symbol.iterator](): IterableIterator<ListedServer> {
    for (const server of this.#servers) yield withTls(copyListed(server), this.#tls);
  }

  setHandler(handler: PoolHandler | undefined): this {
    this.#handler = handler;
    return this;
  }

  setDefaultTls(tls: TlsConfig | undefined): this {
    this.#tls = tls === undefined ? undefined : copyListed(tls);
    return this;
  }

  setSignal(signal: AbortSignal | undefined): this {
    this.#signal = signal;
    return this;
  }

  walk(visit: (server: ListedServer, index: number) => unknown): boolean {
    let index = 0;
    for (const server of this) {
      if (visit(server, index) === false) return false;
      index += 1;
    }
    return true;
  }

  validate(): readonly Issue[] {
    return this.#faults(this.#handler).flatMap(({ issues }) => issues);
  }

  toPool(options?: PoolOptions, how?: ToPoolOptions & { readonly lenient?: false }): Pool;
  toPool(options: PoolOptions | undefined, how: ToPoolOptions & { readonly lenient: true }): LenientPool;
  toPool(options: PoolOptions = {}, { lenient = false }: ToPoolOptions = {}): Pool | LenientPool {
    const handler = options.handler ?? this.#handler;
    const signal = options.signal ?? this.#signal;
    const settings = {
      ...options,
      ...(handler === undefined ? {} : { handler }),
      ...(signal === undefined ? {} : { signal }),
    };
    const readings = readListed(this.#servers, { handler, tls: this.#tls });
    if (lenient) {
      const faults = leftOut(readings);
      const refused = new Set(faults.map(({ reading }) => reading));
      const pool = createPool(settings, ...configsOf(readings.filter((reading) => !refused.has(reading))));
      return { pool, error: faults.length === 0 ? undefined : errorOf('add', faults, readings.length) };
    }
    const faults = faultsOf(readings);
    if (faults.length > 0) throw errorOf('validate', faults, readings.length);
    return createPool(settings, ...configsOf(readings));
  }

  #faults(handler: PoolHandler | undefined): readonly Fault[] {
    return faultsOf(readListed(this.#servers, { handler, tls: this.#tls }));
  }
}

/** One server, and all that is wrong with it. */
interface Fault {
  readonly reading: ListedReading;
  readonly issues: readonly Issue[];
}

const configsOf = (readings: readonly ListedReading[]) => readings.flatMap(({ config }) => config ?? []);

/** Everybody with whom anything is wrong, by itself or beside all others. */
const faultsOf = (readings: readonly ListedReading[]): readonly Fault[] => {
  const among = issuesAmong(readings);
  return readings
    .map((reading) => ({ reading, issues: [...reading.issues, ...(among.get(reading) ?? [])] }))
    .filter(({ issues }) => issues.length > 0);
};

/**
 * Whom to leave out so that nothing is wrong with those who stay. Who is refused for itself is in nobody's way, so the
 * others are compared among themselves, until nobody depends on anybody who is gone.
 */
const leftOut = (readings: readonly ListedReading[]): readonly Fault[] => {
  const faults = new Map<ListedReading, readonly Issue[]>();
  for (const reading of readings) if (reading.issues.length > 0) faults.set(reading, reading.issues);
  for (let more = true; more; ) {
    const among = issuesAmong(readings.filter((reading) => !faults.has(reading)));
    more = among.size > 0;
    for (const reading of readings) {
      const issues = among.get(reading);
      if (issues !== undefined) faults.set(reading, issues);
    }
  }
  return readings.flatMap((reading) => {
    const issues = faults.get(reading);
    return issues === undefined ? [] : [{ reading, issues }];
  });
};

/** How many servers the message names; `failures` has all of them. */
const NAMED = 3;

const errorOf = (phase: 'add' | 'validate', faults: readonly Fault[], size: number): PoolError => {
  const labels = faults.map(({ reading }) => reading.label);
  const more = labels.length > NAMED ? [`and ${labels.length - NAMED} more`] : [];
  const named = [...labels.slice(0, NAMED), ...more].join(', ');
  const failures = faults.map(({ reading, issues }): PoolFailure => {
    const error = new ConfigError(issues);
    return { server: reading.label, bind: reading.bind, phase, code: error.code, error };
  });
  const issues = faults.flatMap((fault) => fault.issues);
  // About the server that the message begins with.
  const hint = faults[0] === undefined ? undefined : new ConfigError(faults[0].issues).hint;
  const code = phase === 'add' ? 'ERR_POOL_ADD' : 'ERR_POOL_VALIDATE';
  return new PoolError(code, `${faults.length} of ${size} servers cannot be in a pool: ${named}`, {
    failures,
    issues,
    ...(hint === undefined ? {} : { hint }),
  });
};
