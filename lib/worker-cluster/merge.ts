import type { Draining, ServerSnapshot } from '../cluster/snapshot.ts';
import { isDown, viewOf } from '../cluster/snapshot.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { ServerState } from '../server/state.ts';
import { fromErrorData } from '../workers/error-data.ts';
import { WorkerServerError } from './errors.ts';
import type { DrainingReport, ServerReport } from './messages.ts';

/** What one worker says of a server. */
export interface WorkerServer {
  readonly slot: number;
  readonly pid: number;
  readonly report: ServerReport;
}

/** What a server is called when it is not the same in all workers: from bad to good. */
const SERVING: readonly ServerState[] = ['failed', 'starting', 'stopped', 'draining', 'running'];

/** The same while all of them leave: it is there for as long as it is anywhere. */
const ENDING: readonly ServerState[] = ['draining', 'running', 'starting', 'failed', 'stopped'];

const HEALTH = ['down', 'warn', 'ok'] as const;

const worst = <T, V>(all: readonly T[], order: readonly V[], of: (one: T) => V): T | undefined =>
  order.flatMap((value) => all.filter((one) => of(one) === value))[0];

const sum = (all: readonly WorkerServer[], of: (report: ServerReport) => number): number =>
  all.reduce((total, { report }) => total + of(report), 0);

type Health = NonNullable<ServerSnapshot['health']>;

const healthIn = (all: readonly WorkerServer[]): Health | undefined => {
  const found = all.flatMap(({ report }) => report.health ?? []);
  const one = worst(found, HEALTH, ({ status }) => status);
  return one === undefined ? undefined : Object.freeze({ ...one });
};

const tlsIn = (all: readonly WorkerServer[]): ServerSnapshot['tls'] => {
  const found = all.flatMap(({ report }) => report.tls ?? []);
  // The one that ends first: workers may have loaded their files at different moments.
  const [one] = found.toSorted((a, b) => a.validTo - b.validTo);
  if (one === undefined) return undefined;
  const failedHandshakes = found.reduce((total, tls) => total + tls.failedHandshakes, 0);
  const failure = found.find(({ error }) => error !== undefined)?.error;
  const { error: _, ...status } = one;
  return Object.freeze({
    ...status,
    failedHandshakes,
    ...(failure === undefined ? {} : { error: fromErrorData(failure) }),
  });
};

/** The first error, with the worker that it comes from. */
const errorIn = (all: readonly WorkerServer[]): Error | undefined => {
  for (const { slot, pid, report } of all) {
    if (report.error !== undefined) return new WorkerServerError({ slot, pid }, fromErrorData(report.error));
  }
  return undefined;
};

/**
 * One server in all workers as one: numbers are summed up, what can be bad or good is as in the worst of them. Pure.
 *
 * @param workers - those that take part in commits; at least one.
 * @param now - milliseconds since the epoch.
 * @param at - where it answers when no worker says so.
 * @param ending - all workers leave, or have left.
 */
export const mergeServer = (
  spec: ServerSpec,
  workers: readonly WorkerServer[],
  now: number,
  at: { readonly address: string; readonly url: string },
  ending = false,
): ServerSnapshot => {
  const one = worst(workers, ending ? ENDING : SERVING, ({ report }) => report.state)?.report;
  const state = one?.state ?? (ending ? 'stopped' : 'starting');
  const since = one === undefined ? now : latest(workers, state);
  const error = errorIn(workers);
  const health = healthIn(workers);
  const tls = tlsIn(workers);
  return Object.freeze({
    id: spec.id,
    name: spec.name,
    state,
    address: one?.address ?? at.address,
    url: one?.url ?? at.url,
    since,
    uptimeMs: state === 'running' ? Math.max(0, now - since) : 0,
    config: viewOf(spec),
    connections: sum(workers, ({ connections }) => connections),
    inFlight: sum(workers, ({ inFlight }) => inFlight),
    restarts: sum(workers, ({ restarts }) => restarts),
    ...(health === undefined ? {} : { health }),
    ...(error === undefined ? {} : { error }),
    ...(tls === undefined ? {} : { tls }),
  });
};

/** Since when it is so: it runs since the last of them does, and fails since the last that failed. */
const latest = (workers: readonly WorkerServer[], state: ServerState): number =>
  Math.max(...workers.filter(({ report }) => report.state === state).map(({ report }) => report.since));

/** Whether something is wrong with a server in any worker. Pure. */
export const isAmiss = (report: ServerReport): boolean => report.error !== undefined || isDown(report.health);

/** Generations that finish what they accepted, in all workers together. Pure. */
export const mergeDraining = (all: readonly DrainingReport[]): readonly Draining[] => {
  const merged = new Map<string, Draining>();
  for (const one of all) {
    const key = `${one.server} ${one.address}`;
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? one
        : { ...known, connections: known.connections + one.connections, since: Math.min(known.since, one.since) },
    );
  }
  return Object.freeze(Array.from(merged.values(), (one) => Object.freeze({ ...one })));
};
