import { isDeepStrictEqual } from 'node:util';
import { type Context, Hono } from 'hono';
import { defer, EMPTY, from, map, merge, mergeMap, type Observable, of } from 'rxjs';
import type { Controllable } from '../cluster/controllable.ts';
import type { Outcome } from '../cluster/outcome.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import type { CommitMode, ServerEnv, Strategy } from '../config/server-config.ts';
import type { WorkersConfig } from '../config/workers-config.ts';
import type { Problem } from '../source/source.ts';
import type { Workers } from '../workers/workers.ts';
import { type ClusterEvent, eventsBetween } from './cluster-event.ts';
import {
  type ClusterView,
  clusterView,
  type OutcomeView,
  outcomeView,
  type ProblemView,
  problemView,
} from './cluster-view.ts';
import type { Desired } from './desired.ts';
import { errorView } from './error-view.ts';
import { ControlError, type ControlStatus } from './errors.ts';
import { eventData } from './event-data.ts';
import { eventStream, type ServerSentEvent } from './event-stream.ts';
import { guard, type Transport } from './guard.ts';
import { jsonAnswer } from './json-line.ts';
import type { LogRing } from './log-ring.ts';
import { livez, readyz } from './probes.ts';
import { readConfig, readIds, readJson } from './request-body.ts';
import { createTokenBucket } from './token-bucket.ts';
import { addWorkerRoutes } from './worker-routes.ts';
import { workersIn } from './worker-view.ts';

/** What is controlled. */
export interface ControlTarget {
  /** What tells this process from others. */
  readonly identity: Identity;
  readonly logs: LogRing;
  /** The cluster and what it should run; `undefined` until there is one. */
  readonly running: () => Controlled | undefined;
}

/** Which process this is. */
export interface Identity {
  readonly name: string;
  readonly pid: number;
  readonly version: string;
  /** The file it follows. */
  readonly file: string;
  /** When it was started, milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface Controlled {
  readonly cluster: Controllable;
  /** The processes that serve; absent where that is this one. */
  readonly workers?: Workers;
  readonly desired: Desired;
  /** What the cluster was made with, and keeps. */
  readonly fixed: { readonly commit: CommitMode; readonly strategy: Strategy; readonly workers?: WorkersConfig };
  /** What is wrong with the file as it is now; empty when it is good, and when there is none. */
  readonly problems: readonly Problem[];
  /** When the configuration was kept that is served because the file could not be used; ISO 8601, UTC. */
  readonly resumedFrom: string | undefined;
}

/** A cluster as its control API shows it. */
export interface ControlView extends ClusterView {
  readonly process: Identity;
  /** Servers that an operator took out. */
  readonly drained: readonly string[];
  /** What is wrong with the file as it is now, and why it is not what runs; empty when it is good. */
  readonly problems: readonly ProblemView[];
  /** When the last good configuration was kept that is served instead of the file (`--resume`): ISO 8601, UTC. */
  readonly resumedFrom?: string;
}

export interface ControlAppOptions {
  readonly transport: Transport;
  /** Ends all streams when it emits. */
  readonly closing$: Observable<unknown>;
}

/** Streams at once: more are refused. */
const MOST_STREAMS = 32;
/** Orders per second: whoever gives more is in a loop. */
const MOST_ORDERS = 10;

type App = Hono<{ Bindings: ServerEnv }>;

/**
 * The control API of one process, as a Hono app. Everything is JSON; what fails has `{ error: { code, message, hint } }`.
 *
 * | Request | Answer |
 * |---|---|
 * | `GET /livez` | 200 for as long as the process answers |
 * | `GET /readyz` | 200 while requests are to be sent (`readinessOf`), otherwise 503; always with the reasons |
 * | `GET /api/cluster` | a `ControlView`; its ETag is the revision in force |
 * | `GET /api/events` | server-sent events: `snapshot`, then `server`, `health`, `state`, `outcome`, `worker` and further snapshots |
 * | `GET /api/logs?lines=100&follow=true` | server-sent events: `line` |
 * | `PUT /api/config` | 200; 412 when `If-Match` is stale, 422 when it is invalid, 409 when it was undone |
 * | `POST /api/plan` | 200 with what a config would change; 422 |
 * | `POST /api/restart` | 200 after all servers, or those in `{ "servers": [] }`, were started anew |
 * | `POST /api/servers/:id/restart`, `/drain`, `/resume` | 200, 404 |
 * | `/api/workers …` | see `addWorkerRoutes` |
 */
export const createControlApp = (target: ControlTarget, { transport, closing$ }: ControlAppOptions): App => {
  const app: App = new Hono();
  const orders = createTokenBucket(MOST_ORDERS);
  let streams = 0;

  const running = (): Controlled => {
    const found = target.running();
    if (found !== undefined) return found;
    throw new ControlError(503, 'ERR_CONTROL_BOOTING', 'there is no cluster yet', 'wait for its first configuration');
  };
  const order = (): void => {
    if (orders.take()) return;
    throw new ControlError(429, 'ERR_CONTROL_BUSY', `more than ${MOST_ORDERS} orders per second`, 'give fewer');
  };
  const stream = (events$: Observable<ServerSentEvent>): Response => {
    if (streams >= MOST_STREAMS) {
      throw new ControlError(429, 'ERR_CONTROL_BUSY', `${MOST_STREAMS} streams are open already`, 'close some');
    }
    streams += 1;
    return eventStream(events$, {
      closing$,
      onEnd: () => {
        streams -= 1;
      },
    });
  };

  app.use(guard(transport));
  app.get('/livez', () => livez());
  // Whoever gets here may know everything.
  app.get('/readyz', () => readyz(target.running()?.cluster.snapshot ?? { state: 'New', servers: {} }, undefined, ''));
  app.get('/api/cluster', () => {
    const { cluster, desired, problems, resumedFrom } = running();
    const { snapshot } = cluster;
    const view: ControlView = {
      ...clusterView(snapshot),
      process: target.identity,
      drained: desired.drained,
      problems: problems.map(problemView),
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
    };
    return jsonAnswer(200, view, etagOf(snapshot));
  });
  app.get('/api/events', () => stream(eventsOf(running())));
  app.get('/api/logs', (context) => {
    const lines = Number(context.req.query('lines') ?? 100);
    const last = target.logs.last(Number.isInteger(lines) ? lines : 100);
    const entries$ = context.req.query('follow') === 'true' ? merge(from(last), target.logs.entries$) : from(last);
    return stream(entries$.pipe(map((entry) => ({ event: 'line', data: entry }))));
  });
  app.put('/api/config', async (context) => {
    const { cluster, desired, fixed, workers } = running();
    order();
    const revision = readIfMatch(context.req.header('if-match'));
    const file = await readConfig(context.req.raw, workers !== undefined);
    if (!file.ok) return invalid(file.issues);
    const outcome = await desired.replace(file.servers, revision);
    return settled(outcome, cluster.snapshot, notesOn(file, fixed));
  });
  app.post('/api/plan', async (context) => {
    const { cluster, desired, fixed, workers } = running();
    const file = await readConfig(context.req.raw, workers !== undefined);
    if (!file.ok) return invalid(file.issues);
    const plan = desired.plan(file.servers);
    return jsonAnswer(200, { plan, notes: notesOn(file, fixed) }, etagOf(cluster.snapshot));
  });
  app.post('/api/restart', async (context) => {
    const { cluster, desired } = running();
    order();
    return settled(await desired.restart(await readIds(context.req.raw)), cluster.snapshot);
  });
  app.post('/api/servers/:id/:verb{restart|drain|resume}', async (context: Context) => {
    const { cluster, desired } = running();
    order();
    await readJson(context.req.raw);
    const { id = '', verb } = context.req.param();
    switch (verb) {
      case 'drain':
        return settled(await desired.drain(id), cluster.snapshot);
      case 'resume':
        return settled(await desired.resume(id), cluster.snapshot);
      default:
        return settled(await desired.restart([id]), cluster.snapshot);
    }
  });
  addWorkerRoutes(app, {
    order,
    workers: () => {
      const { workers, cluster } = running();
      return workers && { workers, details: workersIn(cluster.snapshot) ?? [] };
    },
  });
  app.notFound((context) => {
    const message = `${context.req.method} ${context.req.path} is nothing that can be asked`;
    return failed(404, new ControlError(404, 'ERR_CONTROL_UNKNOWN', message, 'see the guide to the command line'));
  });
  app.onError((error) => {
    if (error instanceof ConfigError) return invalid(error.issues);
    return failed(error instanceof ControlError ? error.status : 500, error);
  });
  return app;
};

const failed = (status: ControlStatus | 500, error: Error): Response => jsonAnswer(status, { error: errorView(error) });

const etagOf = ({ revision }: ClusterSnapshot): { readonly etag: string } => ({ etag: `"${revision.applied}"` });

/** The revision an order starts from; `undefined` for whichever is in force (`*`). */
const readIfMatch = (header: string | undefined): number | undefined => {
  if (header === '*') return undefined;
  if (header === undefined) {
    const hint = 'send the ETag of GET /api/cluster, or * for whichever is in force';
    throw new ControlError(428, 'ERR_CONTROL_IF_MATCH', 'the If-Match header is missing', hint);
  }
  // Anything that is not one of our own tags matches no revision.
  return Number(/^"(\d+)"$/.exec(header)?.[1] ?? -1);
};

const invalid = (issues: readonly Issue[]): Response =>
  jsonAnswer(422, { error: errorView(new ConfigError(issues)), issues });

const STATUSES: Readonly<Record<OutcomeView['status'], number>> = {
  committed: 200,
  unchanged: 200,
  rejected: 422,
  rolledBack: 409,
  superseded: 409,
  cancelled: 503,
};

const settled = (outcome: Outcome, snapshot: ClusterSnapshot, notes: readonly string[] = []): Response =>
  jsonAnswer(STATUSES[outcome.status], { outcome: outcomeView(outcome), notes }, etagOf(snapshot));

/** What a file says about the cluster itself cannot change while it runs: saying so beats silence. */
const notesOn = (file: Partial<Controlled['fixed']>, fixed: Controlled['fixed']): readonly string[] => {
  const kept = (['commit', 'strategy'] as const)
    .filter((name) => file[name] !== undefined && file[name] !== fixed[name])
    .map((name) => `${name} stays ${fixed[name]} until the next start`);
  const isNew = file.workers !== undefined && !isDeepStrictEqual(file.workers, fixed.workers);
  return isNew ? [...kept, 'workers stay as they are: sluice workers scale changes how many there are'] : kept;
};

const eventsOf = ({ cluster, workers }: Controlled): Observable<ServerSentEvent> =>
  defer(() => {
    let before: ClusterSnapshot | undefined;
    const changes$ = cluster.cluster$.pipe(
      mergeMap((snapshot): Observable<ClusterEvent> => {
        const events =
          before === undefined ? of({ type: 'snapshot', snapshot } as const) : from(eventsBetween(before, snapshot));
        before = snapshot;
        return events;
      }),
    );
    const outcomes$ = cluster.outcomes$.pipe(map((outcome): ClusterEvent => ({ type: 'outcome', outcome })));
    const happened$ = (workers?.events$ ?? EMPTY).pipe(map((event): ClusterEvent => ({ type: 'worker', event })));
    return merge(changes$, outcomes$, happened$).pipe(map((event) => ({ event: event.type, data: eventData(event) })));
  });
