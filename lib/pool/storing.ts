import { formatAddress, isAnyPort } from '../config/address.ts';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import { oneLine } from '../config/received.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { danglingIssue } from './desired.ts';
import { Entry, type Part } from './entry.ts';
import { PoolError, type PoolErrorCode, type PoolPhase } from './errors.ts';
import type { PoolServer, PoolServerConfig } from './pool-server.ts';
import { labelOf, listenIn, membersOf, NAMELESS, type ReadServer } from './read-server.ts';
import { idFrom } from './server-id.ts';
import { failureOf, hintOf, type Site } from './site.ts';
import { tellUnanswered } from './unanswered.ts';

/** What is being done to one server, for the error that says it did not come about. */
interface Doing {
  readonly code: PoolErrorCode;
  readonly phase: PoolPhase;
  readonly name: string;
  readonly key: string;
  readonly verb: string;
}

const failed = ({ code, phase, name, key, verb }: Doing, error: Error, issues: readonly Issue[] = []): PoolError => {
  const hint = issues.find((issue) => issue.hint !== undefined)?.hint ?? hintOf(error);
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : '';
  const [issue] = issues;
  const place = issue === undefined || issue.path === '' ? '' : `${issue.path}: `;
  const reason = issue === undefined ? error.message : `${place}${issue.message}${more}`;
  const who = name === NAMELESS ? 'a server' : `server ${oneLine(name)}`;
  return new PoolError(code, `${who} cannot be ${verb}: ${reason}`, {
    failures: [failureOf({ name, key }, phase, error)],
    issues,
    ...(hint === undefined ? {} : { hint }),
  });
};

const invalid = (doing: Doing, issues: readonly Issue[]): PoolError => failed(doing, new ConfigError(issues), issues);

/** Two servers cannot both have this address. */
const conflict = (doing: Doing, other: Entry): PoolError => {
  const hint = 'give every server an address of its own';
  const message = `server ${oneLine(doing.name)} cannot be ${doing.verb}: server ${oneLine(other.name)} has ${other.key}`;
  const reason =
    doing.key === other.key
      ? `${doing.key} is the address of ${oneLine(other.name)} already`
      : `${doing.key} overlaps with ${other.key}`;
  const error = new PoolError('ERR_POOL_CONFLICT', reason, { hint });
  return new PoolError('ERR_POOL_CONFLICT', message, {
    failures: [failureOf(doing, doing.phase, error)],
    hint,
  });
};

/** A server that was read, and whose place in the pool is known. */
interface Newcomer {
  readonly entry: Entry;
  readonly former: Entry | undefined;
  readonly doing: Doing;
}

/** Reads a config and finds its place; throws a `PoolError` for what cannot be stored. */
const receive = (site: Site, given: unknown): Newcomer => {
  if (given === undefined || given === null) {
    throw new PoolError('ERR_POOL_PARAM_EMPTY', 'there is no config to store', { hint: 'give { listen: … }' });
  }
  if (Array.isArray(given)) {
    throw new PoolError('ERR_POOL_ADD', 'a list is no config of a server', {
      hint: 'spread it, createPool({}, ...configs), or store one after the other',
    });
  }
  // Read once: what a getter says is the same for everybody from here on.
  const members = membersOf(given);
  const label = labelOf(members);
  const address = listenIn(members);
  const former = address === undefined || isAnyPort(address) ? undefined : site.entries.find(formatAddress(address));
  // A server that takes the place of its namesake goes by the same id in logs.
  const keepsId = former !== undefined && idFrom(former.config.name ?? former.config.listen) === idFrom(label);
  const id = keepsId ? former.id : site.ids.take(label);
  const about = { code: 'ERR_POOL_ADD', phase: 'add', name: label, verb: 'added' } as const;
  try {
    const read = site.read(members ?? given, id);
    if (!read.ok) throw invalid({ ...about, key: address === undefined ? '' : formatAddress(address) }, read.issues);
    const key = former?.key ?? site.entries.keyFor(read.spec.address);
    const doing = { ...about, name: read.config.name ?? key, key };
    assertRoom(site, read.spec, former, doing);
    return { entry: new Entry(id, read, key), former, doing };
  } catch (error) {
    if (!keepsId) site.ids.release(id);
    throw error;
  }
};

const assertRoom = (site: Site, { address, disabled }: ServerSpec, self: Entry | undefined, doing: Doing): void => {
  if (disabled) return;
  const other = site.entries.inTheWayOf(address).find((entry) => entry !== self);
  if (other !== undefined) throw conflict(doing, other);
};

const assertDependencies = (site: Site, parts: readonly Part[], id: string, doing: Doing): void => {
  const missing = site.write(parts).dangling.filter(({ part }) => part.id === id);
  if (missing.length === 0) return;
  const issues = missing.map((dangling) => danglingIssue(doing.name, dangling));
  throw invalid(doing, issues);
};

const adopt = (site: Site, { entry, former }: Newcomer, handle: PoolServer): PoolServer => {
  site.entries.put(entry, handle);
  if (former === undefined) site.tell({ type: 'added', bind: entry.key, server: handle });
  else {
    if (former.id !== entry.id) site.ids.release(former.id);
    site.tell({ type: 'replaced', bind: entry.key, server: handle, former: former.config });
  }
  return handle;
};

/** Puts servers into a pool that does not run; two at one address are a mistake here. Throws a `PoolError` that names all that cannot be there. */
export const placeAll = (site: Site, given: readonly unknown[]): void => {
  const errors: PoolError[] = [];
  for (const one of given) {
    try {
      const newcomer = receive(site, one);
      if (newcomer.former !== undefined) {
        if (newcomer.former.id !== newcomer.entry.id) site.ids.release(newcomer.entry.id);
        throw conflict(newcomer.doing, newcomer.former);
      }
      adopt(site, newcomer, site.handleFor(newcomer.entry));
    } catch (error) {
      if (!(error instanceof PoolError)) throw error;
      errors.push(error);
    }
  }
  const [first, ...others] = errors;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  // About the server that the message is about.
  const { hint } = first;
  const code = errors.every((error) => error.code === 'ERR_POOL_CONFLICT') ? 'ERR_POOL_CONFLICT' : 'ERR_POOL_ADD';
  throw new PoolError(code, `${first.message}, and ${others.length} more`, {
    failures: errors.flatMap(({ failures }) => failures),
    issues: errors.flatMap(({ issues }) => issues),
    ...(hint === undefined ? {} : { hint }),
  });
};

/**
 * Adds a server, or puts it in the place of the one at its address.
 *
 * @param handleFor - makes what people hold of it, once it is there.
 */
export const store = (site: Site, given: unknown, handleFor = site.handleFor): Promise<PoolServer> =>
  site.change(async () => {
    const { stops } = site;
    const newcomer = receive(site, given);
    const { entry, former, doing } = newcomer;
    const { id } = entry;
    entry.wanted = site.started || former?.wanted === true;
    const all = [...site.entries.values()];
    const parts = former === undefined ? [...all, entry] : all.map((one) => (one === former ? entry : one));
    try {
      if (site.lives.live) assertDependencies(site, parts, id, doing);
      // Of one that takes another's place under an id of its own, the other must not leave before it is certain.
      const mode = former === undefined || former.id === id ? 'independent' : 'atomic';
      const { refused } = await site.commit(parts, mode, new Set([id]));
      const error = refused.get(id);
      if (error !== undefined) {
        await site.restore();
        throw failed(doing, error, error instanceof ConfigError ? error.issues : []);
      }
    } catch (error) {
      if (former?.id !== id) site.ids.release(id);
      throw error;
    }
    // A stop in between was meant for it too.
    if (site.stops !== stops) entry.wanted = false;
    if (former !== undefined) {
      site.detach(former);
      if (former.name !== entry.name) {
        const [now, before] = [oneLine(entry.name), oneLine(former.name)];
        site.logger.info(`server ${now} takes the place of server ${before} at ${entry.key}`);
      }
    }
    const handle = adopt(site, newcomer, handleFor(entry));
    site.settle();
    tellUnanswered(site, [entry]);
    return handle;
  });

/** What an update makes of where a server is found. */
const placeAfter = (
  site: Site,
  entry: Entry,
  { spec }: ReadServer,
): { readonly key: string; readonly moves: boolean } => {
  const text = formatAddress(spec.address);
  if (text === formatAddress(entry.spec.address)) return { key: entry.key, moves: false };
  return { key: site.entries.keyFor(spec.address), moves: true };
};

/** A config with some of its members exchanged; what cannot be looked at stands for all of it, and is refused for that. */
const changed = (config: PoolServerConfig, change: Partial<PoolServerConfig>): unknown => {
  try {
    return { ...config, ...change };
  } catch {
    return change;
  }
};

/** Changes some of a server's config, all or nothing. Settles when an address that it has left is free. */
export const update = async (site: Site, entry: Entry, change: Partial<PoolServerConfig>): Promise<void> => {
  const moved = await site.change(async () => {
    site.assertHas(entry);
    const doing: Doing = {
      code: 'ERR_POOL_UPDATE',
      phase: 'update',
      name: entry.name,
      key: entry.key,
      verb: 'changed',
    };
    const read = site.read(changed(entry.config, change), entry.id);
    if (!read.ok) throw invalid({ ...doing, code: 'ERR_POOL_VALIDATE', phase: 'validate' }, read.issues);
    const { key, moves } = placeAfter(site, entry, read);
    const holder = moves ? site.entries.find(key) : undefined;
    if (holder !== undefined && holder !== entry) throw conflict({ ...doing, key }, holder);
    assertRoom(site, read.spec, entry, doing);
    const { stops } = site;
    const wanted = entry.wanted || (entry.spec.disabled && site.started);
    const { id } = entry;
    const part: Part = { id, key, wanted, config: read.config, base: read.base, spec: read.spec };
    const parts = Array.from(site.entries.values(), (one) => (one === entry ? part : one));
    if (site.lives.live) assertDependencies(site, parts, id, doing);
    const { refused } = await site.commit(parts, 'independent', new Set([id]));
    const error = refused.get(id);
    if (error !== undefined) {
      await site.restore();
      throw failed(doing, error, error instanceof ConfigError ? error.issues : []);
    }
    const former = entry.config;
    // With the port that it was given, where the system has chosen one: nobody is found under a text in between.
    const given = isAnyPort(read.spec.address) ? site.foundAt(entry) : undefined;
    const place = given ?? { key, address: read.spec.address };
    site.entries.change(entry, () => {
      entry.become(read);
      entry.wanted = wanted && site.stops === stops;
      if (entry.wanted) entry.error = undefined;
      if (!moves) return;
      entry.address = place.address;
      entry.written = isAnyPort(read.spec.address) ? key : undefined;
    });
    if (entry.handle !== undefined) site.tell({ type: 'replaced', bind: entry.key, server: entry.handle, former });
    if (moves) site.rekey(new Map([[entry, place]]));
    site.settle();
    tellUnanswered(site, [entry]);
    return moves;
  });
  if (moved) await site.lives.drained(new Set([entry.id]));
};

/**
 * Takes servers out of the pool, and stops them. Settles when their addresses are free.
 *
 * @param pick - which ones, when it is its turn.
 */
export const remove = async (
  site: Site,
  pick: () => readonly Entry[],
  drainTimeoutMs: number | undefined,
): Promise<readonly PoolServer[]> => {
  const gone = await site.change(async () => {
    const leaving = pick();
    if (leaving.length === 0) return [];
    await site.hurry(leaving, drainTimeoutMs);
    const ids = new Set(leaving.map(({ id }) => id));
    for (const entry of leaving) entry.leaving = true;
    const rest = Array.from(site.entries.values()).filter(({ id }) => !ids.has(id));
    await site.commit(rest, 'independent', ids);
    return leaving.map((entry) => ({ id: entry.id, handle: site.drop(entry) }));
  });
  await site.lives.drained(new Set(gone.map(({ id }) => id)));
  return gone.flatMap(({ handle }) => handle ?? []);
};
