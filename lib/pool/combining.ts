import type { Plan } from '../cluster/plan.ts';
import { formatAddress, isAnyPort } from '../config/address.ts';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import { sameData } from '../config/plain-data.ts';
import { oneLine } from '../config/received.ts';
import { findRivals } from '../config/rivals.ts';
import { sameSpec } from '../config/same.ts';
import { danglingIssue } from './desired.ts';
import { Entry, listenOf, type Part } from './entry.ts';
import { PoolError, type PoolErrorCode, type PoolFailure } from './errors.ts';
import { type Known, matchServers } from './match.ts';
import type { MergePolicy, PoolPlan } from './pool.ts';
import { labelOf, listenIn, type Members, membersOf, type ReadServer } from './read-server.ts';
import { failureOf, type Site } from './site.ts';

/** A present server that becomes another one. */
interface Changed {
  readonly entry: Entry;
  readonly read: ReadServer;
  readonly key: string;
  readonly wanted: boolean;
  /** It leaves its address for another one. */
  readonly moves: boolean;
}

/** What combining a pool with configs comes to, before anything has happened. */
export interface Combination {
  /** All servers there will be, in their order. */
  readonly parts: readonly Part[];
  readonly added: readonly Entry[];
  readonly changed: readonly Changed[];
  readonly unchanged: readonly Entry[];
  readonly removed: readonly Entry[];
  /** Keys that both have, with different configs. */
  readonly conflicts: readonly string[];
}

/** How two sets of configs are combined. */
export interface Combining {
  readonly phase: 'merge' | 'reload' | 'monitor';
  readonly conflict: MergePolicy;
  /** Servers that are not among the new ones stay. */
  readonly keep: boolean;
}

export const CODES: Readonly<Record<Combining['phase'], PoolErrorCode>> = {
  merge: 'ERR_POOL_MERGE',
  reload: 'ERR_POOL_RELOAD',
  monitor: 'ERR_POOL_MONITOR',
};

const knownFrom = (members: Members): Known => {
  const address = listenIn(members);
  const name = members?.name;
  return {
    listen: address === undefined ? '' : formatAddress(address),
    floating: address !== undefined && isAnyPort(address),
    name: typeof name === 'string' ? name : undefined,
  };
};

interface Present extends Known {
  readonly entry: Entry;
}

const isSame = (entry: Entry, { spec, config }: ReadServer): boolean =>
  sameSpec(entry.spec, spec) &&
  entry.config.handlerKey === config.handlerKey &&
  sameData(entry.config.dependsOn, config.dependsOn);

const invalid = ({ phase }: Combining, failures: readonly PoolFailure[], issues: readonly Issue[]): PoolError => {
  const servers = failures.map(({ server }) => oneLine(server));
  // About the server that the message begins with.
  const [issue] = failures[0]?.error instanceof ConfigError ? failures[0].error.issues : issues;
  const place = issue === undefined || issue.path === '' ? '' : `${issue.path}: `;
  const reason = issue === undefined ? '' : ` (${place}${issue.message})`;
  const hint = issue?.hint;
  const [first = '', ...others] = servers;
  const named = [`${first}${reason}`, ...others].join(', ');
  return new PoolError(CODES[phase], `nothing has changed, because configs are not valid: ${named}`, {
    failures,
    issues,
    ...(hint === undefined ? {} : { hint }),
  });
};

const nameOf = ({ config, key }: Part): string => config.name ?? key;

/** Two servers that could not both be there. */
const assertRoom = (combining: Combining, parts: readonly Part[]): void => {
  const rivals = findRivals(parts.map(({ spec }) => spec));
  const issues: Issue[] = [];
  const failures: PoolFailure[] = [];
  const keys = new Map<string, Part>();
  for (const part of parts) {
    const first = rivals.get(part.spec)?.first;
    // Also of one that is disabled: a key is what a pool finds it by.
    const same = keys.get(part.key);
    if (same === undefined) keys.set(part.key, part);
    if (first === undefined && same === undefined) continue;
    const name = nameOf(part);
    const message =
      first === undefined
        ? `is the address of ${nameOf(same ?? part)} already`
        : `overlaps with ${first.map((rival) => `${rival.name} (${formatAddress(rival.address)})`).join(', ')}`;
    const issue: Issue = Object.freeze({
      server: name,
      path: 'listen',
      expected: 'an address that no other server wants',
      received: `"${formatAddress(part.spec.address)}"`,
      message,
      hint: 'give every server an address of its own',
    });
    issues.push(issue);
    failures.push(failureOf({ name, key: part.key }, combining.phase, new ConfigError([issue])));
  }
  if (failures.length > 0) throw invalid(combining, failures, issues);
};

/** Whoever comes or changes depends on servers that are there then. */
const assertDependencies = (site: Site, combining: Combining, { parts, unchanged }: Combination): void => {
  const spared = new Set(unchanged.map(({ id }) => id));
  const dangling = site.write(parts).dangling.filter(({ part }) => !spared.has(part.id));
  if (dangling.length === 0) return;
  const issues = dangling.map((one) => danglingIssue(one.part.config.name ?? one.part.key, one));
  const failures = dangling.map(({ part: { config, key } }, index) =>
    failureOf({ name: config.name ?? key, key }, combining.phase, new ConfigError(issues.slice(index, index + 1))),
  );
  throw invalid(combining, failures, issues);
};

/** Gives out keys to newcomers that leave their port to the system: nobody has them yet, and no two get the same. */
const keysFor = (site: Site): ((read: ReadServer) => string) => {
  const given = new Set<string>();
  return ({ spec }) => {
    const key = site.entries.keyFor(spec.address, given);
    given.add(key);
    return key;
  };
};

/**
 * Works out what combining the pool with these configs comes to. Nothing happens but that newcomers get ids, which
 * `forget` gives back.
 *
 * Throws a `PoolError` that names everything that is wrong.
 */
export const combine = (site: Site, configs: readonly unknown[], combining: Combining): Combination => {
  const present = (entry: Entry): Present => {
    return { entry, listen: listenOf(entry.spec), floating: entry.written !== undefined, name: entry.config.name };
  };
  const presents = new Map(Array.from(site.entries.values(), (entry) => [entry, present(entry)]));
  const find = (listen: string): Present | undefined => {
    const entry = listen === '' ? undefined : site.entries.find(listen);
    return entry === undefined ? undefined : presents.get(entry);
  };
  // In the order of the pool, which is that of whoever gives back what he read there.
  const floating = [...presents.values()].filter((one) => one.floating);
  // Read once: what a getter says is the same for everybody from here on.
  const fresh = configs.map((given) => {
    const members = membersOf(given);
    return { given: members ?? given, members, known: knownFrom(members) };
  });
  const matches = matchServers(
    fresh.map(({ known }) => known),
    find,
    floating,
  );
  const keyFor = keysFor(site);
  const failures: PoolFailure[] = [];
  const issues: Issue[] = [];
  const added: Entry[] = [];
  const changed: Changed[] = [];
  const conflicts: string[] = [];
  const next = new Map<Entry, Part>();
  const order: Part[] = [];
  const put = (entry: Entry, part: Part): void => {
    next.set(entry, part);
    order.push(part);
  };
  fresh.forEach(({ given, members, known }, index) => {
    const entry = matches[index]?.entry;
    const id = entry?.id ?? site.ids.take(labelOf(members));
    const read = site.read(given, id);
    if (!read.ok) {
      if (entry === undefined) site.ids.release(id);
      issues.push(...read.issues);
      const about = { name: labelOf(members), key: known.listen };
      failures.push(failureOf(about, combining.phase, new ConfigError(read.issues)));
      return;
    }
    if (entry === undefined) {
      const one = new Entry(id, read, keyFor(read));
      one.wanted = site.started;
      added.push(one);
      put(one, one);
      return;
    }
    if (isSame(entry, read)) {
      put(entry, entry);
      return;
    }
    conflicts.push(entry.key);
    if (combining.conflict !== 'source') {
      put(entry, entry);
      return;
    }
    const moves = listenOf(read.spec) !== listenOf(entry.spec);
    const key = moves ? keyFor(read) : entry.key;
    const wanted = entry.wanted || (site.started && (entry.spec.disabled || entry.error !== undefined));
    changed.push({ entry, read, key, wanted, moves });
    put(entry, { id, key, wanted, config: read.config, base: read.base, spec: read.spec });
  });
  const all = [...site.entries.values()];
  const removed = combining.keep ? [] : all.filter((entry) => !next.has(entry));
  const parts = combining.keep ? [...all.map((entry) => next.get(entry) ?? entry), ...added] : order;
  const combination = {
    parts,
    added,
    changed,
    unchanged: all.filter((entry) => next.get(entry) === entry || (combining.keep && !next.has(entry))),
    removed,
    conflicts,
  };
  try {
    if (failures.length > 0) throw invalid(combining, failures, issues);
    assertRoom(combining, parts);
    assertDependencies(site, combining, combination);
  } catch (error) {
    forget(site, combination);
    throw error;
  }
  return combination;
};

/** What was combined does not come about. */
export const forget = (site: Site, { added }: Combination): void => {
  for (const { id } of added) site.ids.release(id);
};

const clusterPlan = (site: Site, parts: readonly Part[], combining: Combining): Plan => {
  try {
    return site.plan(parts);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const ids = new Set(cause.issues.map(({ server }) => server));
    const failures = parts
      .filter(({ id }) => ids.has(id))
      .map((part) => failureOf({ name: part.config.name ?? part.key, key: part.key }, combining.phase, cause));
    throw invalid(combining, failures, cause.issues);
  }
};

/** What a combination does, for people. Throws a `PoolError` for servers that depend on each other in a circle. */
export const planOf = (site: Site, combination: Combination, combining: Combining): PoolPlan => {
  const { parts, added, changed, unchanged, removed, conflicts } = combination;
  const keys = (entries: readonly { readonly key: string }[]): readonly string[] =>
    Object.freeze(entries.map(({ key }) => key));
  return Object.freeze({
    added: keys(added),
    changed: keys(changed.map(({ entry }) => entry)),
    unchanged: keys(unchanged),
    removed: keys(removed),
    conflicts: Object.freeze([...conflicts]),
    plan: clusterPlan(site, parts, combining),
  });
};

/** The same addresses with different configs, where that is not allowed. */
export const assertNoConflicts = (site: Site, { conflicts }: Combination, { conflict, phase }: Combining): void => {
  if (conflict !== 'error' || conflicts.length === 0) return;
  const hint = "give a policy: { conflict: 'source' } or 'target'";
  const failures = conflicts.map((key): PoolFailure => {
    const error = new PoolError('ERR_POOL_CONFLICT', `both have ${key}, with different configs`, { hint });
    return failureOf({ name: site.entries.find(key)?.name ?? key, key }, phase, error);
  });
  throw new PoolError('ERR_POOL_CONFLICT', `both pools have ${conflicts.join(', ')}, with different configs`, {
    failures,
    hint,
  });
};
