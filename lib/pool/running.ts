import type { StopOptions } from '../cluster/cluster.ts';
import { danglingReason } from './desired.ts';
import type { Entry } from './entry.ts';
import { PoolError, type PoolErrorCode } from './errors.ts';
import { assertStopOptions } from './options.ts';
import type { PoolReport, ServerReport } from './report.ts';
import { failureOf, hintOf, type Site } from './site.ts';
import { tellUnanswered } from './unanswered.ts';
import type { Verdict } from './verdict.ts';

/** Which servers are meant; all of the pool when `undefined`. */
export type Meant = readonly Entry[] | undefined;

const rowOf = ({ name, key }: Entry, status: ServerReport['status'], error?: Error): ServerReport =>
  Object.freeze({ server: name, bind: key, status, ...(error === undefined ? {} : { error }) });

const reportOf = (servers: readonly ServerReport[], began: number, cut = 0): PoolReport =>
  Object.freeze({ servers: Object.freeze([...servers]), durationMs: performance.now() - began, cut });

/** In the order of the pool, each once; those it does not have any more are left out. */
const inOrder = (site: Site, meant: Meant): readonly Entry[] => {
  const all = [...site.entries.values()];
  if (meant === undefined) return all;
  const wanted = new Set(meant);
  return all.filter((entry) => wanted.has(entry));
};

/** What these need to run, however far away, and these themselves. */
const withDependencies = (site: Site, entries: readonly Entry[]): ReadonlySet<Entry> => {
  const found = new Set(entries);
  const find = site.finder();
  for (const { config } of found) {
    for (const dependency of config.dependsOn ?? []) for (const other of find(dependency)) found.add(other);
  }
  return found;
};

/** What needs these to run, however far away, and these themselves. */
const withDependents = (site: Site, entries: readonly Entry[]): ReadonlySet<Entry> => {
  const found = new Set(entries);
  const depending = Array.from(site.entries.values()).filter(({ config }) => (config.dependsOn ?? []).length > 0);
  if (depending.length === 0) return found;
  const find = site.finder();
  for (const entry of found) {
    for (const other of depending) {
      if (other.config.dependsOn?.some((dependency) => find(dependency).includes(entry)) === true) found.add(other);
    }
  }
  return found;
};

interface Doing {
  readonly code: PoolErrorCode;
  readonly phase: 'start' | 'restart';
  readonly verb: string;
}

const STARTING: Doing = { code: 'ERR_POOL_START', phase: 'start', verb: 'started' };
const RESTARTING: Doing = { code: 'ERR_POOL_RESTART', phase: 'restart', verb: 'restarted' };

/** Throws when something that was meant to run does not. */
const settled = (doing: Doing, entries: readonly Entry[], report: PoolReport): PoolReport => {
  const failures = entries.flatMap((entry, index) => {
    const row = report.servers[index];
    return row?.status === 'failed' && row.error !== undefined ? [failureOf(entry, doing.phase, row.error)] : [];
  });
  const [first, ...others] = failures;
  if (first === undefined) return report;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const message = `server ${first.server}${more} cannot be ${doing.verb}: ${first.error.message}`;
  const hint = hintOf(first.error);
  throw new PoolError(doing.code, message, { failures, report, ...(hint === undefined ? {} : { hint }) });
};

const assertNotStopped = (site: Site, stops: number, { code, verb }: Doing): void => {
  site.assertOpen();
  if (site.stops === stops) return;
  throw new PoolError(code, `the pool was stopped before its servers had been ${verb}`);
};

/** Servers whose dependencies the pool does not have, or has twice, cannot be started: nobody knows when it would be their turn. */
const refuseDangling = (site: Site, starting: ReadonlySet<Entry>): void => {
  for (const dangling of site.write().dangling) {
    const entry = site.entries.byId(dangling.part.id);
    if (entry === undefined || !starting.has(entry)) continue;
    const [first] = dangling.namesakes;
    const hint =
      first === undefined ? 'store what it depends on, then start again' : `write its address in dependsOn: '${first}'`;
    site.fail(entry, new PoolError('ERR_POOL_START', `${danglingReason(dangling)} to depend on`, { hint }));
  }
};

/** Has servers, and what they depend on, run; those that cannot have their error afterwards. */
const bringUp = async (site: Site, entries: readonly Entry[]): Promise<Verdict['status']> => {
  const starting = withDependencies(site, entries);
  for (const entry of starting) {
    entry.wanted = true;
    entry.halted = false;
    entry.error = undefined;
  }
  refuseDangling(site, starting);
  const { status, refused } = await site.launch(site.write().config);
  for (const [id, error] of refused) {
    const entry = site.entries.byId(id);
    // Who runs on as it was has not failed.
    if (entry !== undefined && !site.isRunning(entry)) site.fail(entry, error);
  }
  site.touched$.next();
  return status;
};

const begin = async (site: Site, meant: Meant, stops: number, doing: Doing): Promise<PoolReport> => {
  const began = performance.now();
  await site.lives.ended();
  assertNotStopped(site, stops, doing);
  const entries = inOrder(site, meant);
  if (meant === undefined) site.started = true;
  const ran = new Set(entries.filter((entry) => site.isRunning(entry)));
  const status = await bringUp(site, entries);
  if (status === 'idle') assertNotStopped(site, stops, doing);
  tellUnanswered(
    site,
    entries.filter((entry) => !ran.has(entry)),
  );
  const rows = entries.map((entry) => {
    if (entry.spec.disabled) return rowOf(entry, 'skipped');
    if (entry.error !== undefined) return rowOf(entry, 'failed', entry.error);
    return rowOf(entry, ran.has(entry) ? 'running' : 'started');
  });
  return settled(doing, entries, reportOf(rows, began));
};

/** Starts what does not run, and what it depends on. */
export const start = (site: Site, meant?: Meant): Promise<PoolReport> => {
  const { stops } = site;
  // Whoever looks after this call sees the life that it begins.
  if (!site.closed) site.lives.renew();
  return site.change(() => begin(site, meant, stops, STARTING));
};

/** Connections that had to be cut, by the id of their server. */
type Cuts = ReadonlyMap<string, number>;

/** Does what stops servers, and counts the connections that have to be cut until it is done. */
const counting = async <T>(
  { lives }: Site,
  stop: () => Promise<T>,
): Promise<{ readonly done: T; readonly cuts: Cuts }> => {
  const cuts = new Map<string, number>();
  const following = lives.cut$.subscribe(({ server, connections }) =>
    cuts.set(server, (cuts.get(server) ?? 0) + connections),
  );
  try {
    return { done: await stop(), cuts };
  } finally {
    following.unsubscribe();
  }
};

/** That a server has stopped, although not everything that it had accepted was finished. */
const overrun = (entry: Entry, cut: number): PoolError => {
  const connections = cut === 1 ? '1 connection' : `${cut} connections`;
  const message = `server ${entry.name} has stopped, but ${connections} did not finish in time and had to be cut`;
  return new PoolError('ERR_POOL_STOP', message, { hint: 'allow more time: drainTimeoutMs' });
};

const stopRow = (entry: Entry, cuts: Cuts): ServerReport => {
  const cut = cuts.get(entry.id) ?? 0;
  if (entry.spec.disabled && cut === 0) return rowOf(entry, 'skipped');
  return rowOf(entry, 'stopped', cut === 0 ? undefined : overrun(entry, cut));
};

const halt = (entry: Entry): void => {
  entry.wanted = false;
  entry.halted = true;
  entry.error = undefined;
};

/** Stops some servers, and what depends on them; the others go on. Settles when their addresses are free. */
export const stopSome = async (site: Site, meant: Meant, options: StopOptions = {}): Promise<PoolReport> => {
  const began = performance.now();
  assertStopOptions(options);
  if (site.closed) return stopAll(site, options);
  const { done, cuts } = await counting(site, async () => {
    const stopped = await site.change(async () => {
      const stopping = [...withDependents(site, inOrder(site, meant))];
      await site.hurry(stopping, options.drainTimeoutMs);
      for (const entry of stopping) halt(entry);
      await site.commit([...site.entries.values()], 'independent', new Set(stopping.map(({ id }) => id)));
      site.touched$.next();
      return stopping;
    });
    await site.lives.drained(new Set(stopped.map(({ id }) => id)));
    return stopped;
  });
  const cut = done.reduce((sum, { id }) => sum + (cuts.get(id) ?? 0), 0);
  const rows = inOrder(site, done).map((entry) => stopRow(entry, cuts));
  return reportOf(rows, began, cut);
};

/** Ends the life of the whole pool, at once: what waits for its turn finds it stopped. */
export const stopAll = async (site: Site, options?: StopOptions): Promise<PoolReport> => {
  const began = performance.now();
  assertStopOptions(options);
  site.stops += 1;
  site.started = false;
  const entries = [...site.entries.values()];
  for (const entry of entries) halt(entry);
  const { done, cuts } = await counting(site, () => site.lives.stop(options));
  site.touched$.next();
  return reportOf(
    entries.map((entry) => stopRow(entry, cuts)),
    began,
    done.cut,
  );
};

/** Servers that do not run although they were to, or are meant and were never started: they are started. */
const revive = async (site: Site, entries: readonly Entry[], meant: Meant): Promise<readonly Entry[]> => {
  const revived = entries.filter(
    ({ spec, wanted, halted, error }) =>
      !spec.disabled && !wanted && (error !== undefined || (meant !== undefined && !halted)),
  );
  if (revived.length > 0) await bringUp(site, revived);
  return revived;
};

/**
 * Builds servers that run anew, and starts those that should run and do not; who was stopped on purpose is passed over. A
 * whole pool of which nothing runs is started.
 */
export const restart = (site: Site, meant?: Meant): Promise<PoolReport> => {
  const { stops } = site;
  if (!site.closed) site.lives.renew();
  return site.change(async () => {
    const began = performance.now();
    if (!site.lives.live && meant === undefined) return begin(site, meant, stops, RESTARTING);
    await site.lives.ended();
    assertNotStopped(site, stops, RESTARTING);
    const entries = inOrder(site, meant);
    const runs = new Set(entries.filter(({ wanted, spec }) => wanted && !spec.disabled));
    const revived = new Set(await revive(site, entries, meant));
    const ids = Array.from(runs, ({ id }) => id);
    const { status, refused } = await site.rebuild(ids, 'independent');
    if (status === 'idle') assertNotStopped(site, stops, RESTARTING);
    const rows = entries.map((entry) => {
      if (entry.spec.disabled) return rowOf(entry, 'skipped');
      const error = refused.get(entry.id) ?? entry.error;
      if (error !== undefined) return rowOf(entry, 'failed', error);
      if (revived.has(entry)) return rowOf(entry, 'started');
      return rowOf(entry, runs.has(entry) ? 'restarted' : 'skipped');
    });
    return settled(RESTARTING, entries, reportOf(rows, began));
  });
};
