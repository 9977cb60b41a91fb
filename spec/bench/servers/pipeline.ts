/** What the reactive way costs: a config's way through the cluster beside a plain loop that decides the same. */
import {
  asapScheduler,
  auditTime,
  combineLatest,
  concatMap,
  defer,
  isObservable,
  map,
  mergeMap,
  Observable,
  observeOn,
  of,
  queueScheduler,
  Subject,
  share,
} from 'rxjs';
import { Member } from '../../../lib/cluster/member.ts';
import { diff, type Standing } from '../../../lib/cluster/plan.ts';
import { initialProgress } from '../../../lib/cluster/progress.ts';
import { takeSnapshot } from '../../../lib/cluster/snapshot.ts';
import { parseCluster } from '../../../lib/config/parse.ts';
import type { ServerSpec } from '../../../lib/config/server-spec.ts';
import { type ClusterConfig, createCluster, type Listeners, type ServerConfig } from '../../../lib/index.ts';
import { conflateScan } from '../../../lib/reactive/conflate-scan.ts';
import { Host } from '../../../lib/server/host.ts';
import { buildService, serverFactory } from '../../../lib/server/kinds.ts';
import { takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

export type Events = 'shared' | 'fresh' | 'unchanged';

const nsPer = (startedAt: number, events: number): number => ((performance.now() - startedAt) * 1e6) / events;

const answer = (): Response => new Response('ok');

const configOf = (n: number, app: ServerConfig['app'] = answer): ServerConfig => ({
  listen: `127.0.0.1:${20_000 + n}`,
  ...(app !== undefined && { app }),
});

/** Configs in a row: one server changes in each, or none; the others are the same objects, or equal ones. */
const rowOf = (size: number, amount: number, events: Events): ClusterConfig[] => {
  let current: ClusterConfig = Object.fromEntries(Array.from({ length: size }, (_, n) => [`s${n}`, configOf(n)]));
  return Array.from({ length: amount }, (_, event) => {
    const changed = event % size;
    if (events === 'fresh') {
      current = Object.fromEntries(Array.from({ length: size }, (_, n) => [`s${n}`, configOf(n)]));
    } else current = { ...current };
    if (events !== 'unchanged') current = { ...current, [`s${changed}`]: configOf(changed, () => new Response('ok')) };
    return current;
  });
};

interface Decided {
  readonly specs: ReadonlyMap<string, ServerSpec>;
  readonly standing: ReadonlyMap<string, Standing>;
  readonly steps: number;
}

const nothing: Decided = { specs: new Map(), standing: new Map(), steps: 0 };

/** Reads a config, finds out what it changes, and keeps what then runs. */
const decide = (before: Decided, config: ClusterConfig): Decided => {
  const { specs } = parseCluster(config, before.specs);
  const { steps } = diff(before.standing, specs, 'hot-swap');
  const standing = new Map(before.standing);
  for (const { server, spec } of steps) {
    if (spec === undefined) standing.delete(server);
    else standing.set(server, { spec, address: spec.address, up: true });
  }
  return { specs, standing, steps: before.steps + steps.length };
};

/** A listener that holds no socket. */
const unbound: Listeners = (address) =>
  new Observable((subscriber) => {
    opened += 1;
    subscriber.next({ address, acceptedAt: 0, attach: () => undefined, limit: () => undefined });
  });
let opened = 0;

export interface Decisions {
  readonly loopNs: number;
  readonly pipelineNs: number;
  readonly clusterNs: number;
  /** Servers changed in all, by the loop; the pipeline must say the same. */
  readonly steps: number;
  readonly same: boolean;
  /** Listeners the cluster opened after its first config. */
  readonly opened: number;
}

const loop = (row: readonly ClusterConfig[]): { readonly ns: number; readonly steps: number } => {
  const [first = {}, ...rest] = row;
  let decided = decide(nothing, first);
  const startedAt = performance.now();
  for (const config of rest) decided = decide(decided, config);
  return { ns: nsPer(startedAt, rest.length), steps: decided.steps };
};

/** The mouth of a cluster and the fold behind it, with the same decision in the place of a commit. */
const pipeline = (row: readonly ClusterConfig[]): { readonly ns: number; readonly steps: number } => {
  const mouth$ = new Subject<ClusterConfig>();
  let decided = nothing;
  mouth$
    .pipe(
      observeOn(queueScheduler),
      share(),
      conflateScan<ClusterConfig, Decided>((before, config) => defer(() => of(decide(before, config))), nothing),
    )
    .subscribe((next) => {
      decided = next;
    });
  const [first = {}, ...rest] = row;
  mouth$.next(first);
  const startedAt = performance.now();
  for (const config of rest) mouth$.next(config);
  return { ns: nsPer(startedAt, rest.length), steps: decided.steps };
};

const throughCluster = async (
  row: readonly ClusterConfig[],
): Promise<{ readonly ns: number; readonly opened: number }> => {
  const cluster = createCluster({ listeners: unbound, logger: quietLogger });
  await cluster.start();
  const [first = {}, ...rest] = row;
  await cluster.apply(first);
  opened = 0;
  const startedAt = performance.now();
  let outcome = Promise.resolve<unknown>(undefined);
  for (const config of rest) {
    outcome = cluster.apply(config);
    // One at a time: a burst is another question.
    await outcome;
  }
  const ns = nsPer(startedAt, rest.length);
  await cluster.stop({ drainTimeoutMs: 0 });
  return { ns, opened };
};

const decisions = async (order: {
  readonly size: number;
  readonly amount: number;
  readonly events: Events;
}): Promise<Decisions> => {
  const { size, amount, events } = order;
  // Every way gets a row of its own: reading a config leaves a note on its objects.
  const row = (): ClusterConfig[] => rowOf(size, amount, events);
  const plain = loop(row());
  const reactive = pipeline(row());
  const cluster = await throughCluster(row());
  return {
    loopNs: plain.ns,
    pipelineNs: reactive.ns,
    clusterNs: cluster.ns,
    steps: plain.steps,
    same: plain.steps === reactive.steps,
    opened: cluster.opened,
  };
};

export interface Backlog {
  readonly ns: number;
  /** Values that were worked on. */
  readonly runs: number;
  readonly last: boolean;
}

const backlog = async ({
  how,
  amount,
}: {
  readonly how: 'conflate' | 'concat';
  readonly amount: number;
}): Promise<Backlog> => {
  let runs = 0;
  let last = 0;
  const work = async (value: number): Promise<number> => {
    runs += 1;
    last = value;
    return value;
  };
  const source$ = new Subject<number>();
  const operator =
    how === 'conflate'
      ? conflateScan((_: number, value: number) => work(value), 0)
      : concatMap((value: number) => work(value));
  const startedAt = performance.now();
  const done = new Promise<void>((resolve) => {
    source$.pipe(operator).subscribe({ complete: resolve });
  });
  for (let value = 1; value <= amount; value += 1) source$.next(value);
  source$.complete();
  await done;
  return { ns: nsPer(startedAt, amount), runs, last: last === amount };
};

export interface Aggregates {
  readonly combineLatestNs: number;
  /** All members speak in one turn: one snapshot for all of them. */
  readonly crowdNs: number;
  /** One member speaks in a turn: a snapshot for one of them. */
  readonly singleNs: number;
  /** One member more, and one less. */
  readonly comeAndGoNs: number;
}

const newServer = serverFactory({ logger: quietLogger, overrideGlobalObjects: true });

const memberOf = (n: number): Member => {
  const { specs } = parseCluster({ [`s${n}`]: configOf(n) });
  const [spec] = specs.values();
  if (spec === undefined) throw new Error('a config of this bench is not valid');
  const service = buildService(spec, { awaited: false, logger: quietLogger, baseDir: '.' });
  if (isObservable(service)) throw new Error('a config of this bench takes its time');
  return new Member(spec, new Host(spec.address, unbound, newServer()), service, 0);
};

/** How a cluster follows its members: everything they say merged, one snapshot per turn. */
const aggregate = async ({
  size,
  emissions,
}: {
  readonly size: number;
  readonly emissions: number;
}): Promise<Aggregates> => {
  const subjects = Array.from({ length: size }, () => new Subject<number>());
  let latest: unknown;
  const combined = combineLatest(subjects).subscribe((values) => {
    latest = values;
  });
  for (const subject of subjects) subject.next(0);
  let startedAt = performance.now();
  for (let n = 0; n < emissions; n += 1) subjects[n % size]?.next(n);
  const combineLatestNs = nsPer(startedAt, emissions);
  combined.unsubscribe();

  const members = new Map(Array.from({ length: size }, (_, n) => [`s${n}`, memberOf(n)] as const));
  const entered$ = new Subject<Subject<number>>();
  const changed$ = new Subject<void>();
  entered$.pipe(mergeMap((subject) => subject)).subscribe(() => changed$.next());
  changed$
    .pipe(
      auditTime(0, asapScheduler),
      map(() =>
        takeSnapshot(
          { state: 'Running', source: 'open', sourceError: undefined, progress: initialProgress, members, leaving: [] },
          Date.now(),
        ),
      ),
    )
    .subscribe((snapshot) => {
      latest = snapshot;
    });
  for (const subject of subjects) entered$.next(subject);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  startedAt = performance.now();
  for (let n = 0; n < emissions; ) {
    for (const subject of subjects) subject.next(n++);
    await turn();
  }
  const crowdNs = nsPer(startedAt, emissions);

  const turns = Math.max(200, Math.round(emissions / size));
  startedAt = performance.now();
  for (let n = 0; n < turns; n += 1) await turn();
  const emptyNs = nsPer(startedAt, turns);
  startedAt = performance.now();
  for (let n = 0; n < turns; n += 1) {
    subjects[n % size]?.next(n);
    await turn();
  }
  const singleNs = nsPer(startedAt, turns) - emptyNs;

  startedAt = performance.now();
  for (let n = 0; n < emissions; n += 1) {
    const subject = new Subject<number>();
    entered$.next(subject);
    subject.complete();
  }
  const comeAndGoNs = nsPer(startedAt, emissions);
  if (latest === undefined) throw new Error('nothing was aggregated');
  for (const { host } of members.values()) host.server.destroy();
  return { combineLatestNs, crowdNs, singleNs, comeAndGoNs };
};

takeOrders({ decisions, backlog, aggregate });
