import { Hono } from 'hono';
import { checkRules, type Readiness, readinessOf } from '../cluster/readiness.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import { assertOptions } from '../config/known-options.ts';
import type { HealthGroup } from '../health/combine.ts';
import type { Health } from '../health/health.ts';
import { jsonLine } from './json-line.ts';

/** What is probed: a cluster, or anything else with its snapshots. */
export interface Probed {
  readonly snapshot: ClusterSnapshot;
}

/** How probes judge. */
export interface ProbesOptions {
  /** Groups of servers and how they count; by default every one has to run and not to be `down`. See `readinessOf`. */
  readonly rules?: readonly HealthGroup[];
}

const PATHS = ['/livez', '/readyz', '/healthz'];
const ALLOW = 'GET, HEAD';

/** One server, as a probe shows it. */
interface ProbedServer {
  readonly id: string;
  readonly state: ServerSnapshot['state'];
  readonly health?: Pick<Health, 'status' | 'message' | 'latencyMs'>;
}

/** What `/readyz` says; without `?verbose` only its `status`. */
interface ReadinessView extends Partial<Readiness> {
  readonly status: Readiness['status'];
  readonly state?: ClusterSnapshot['state'];
  readonly servers?: readonly ProbedServer[];
}

/**
 * Probes for orchestrators and load balancers, as a Hono app to mount on a server, of the same cluster or another one.
 *
 * | Request | Answer |
 * |---|---|
 * | `/livez` | 200 for as long as the process answers |
 * | `/readyz` | 200 while it is to be sent requests (`readinessOf`), otherwise 503 |
 * | `/healthz` | the same as `/readyz` |
 *
 * `GET` and `HEAD`. The answer is JSON, `{ "status": "ok" }`; with `?verbose` it has the reasons and every server, which
 * is more than strangers need to know. It is never stored. Reads the present snapshot for each request, and nothing else.
 * Throws an `OptionsError` for rules that cannot be followed, and for options that there are not.
 *
 * @example
 * ```ts
 * import { createCluster, probes } from 'sluice';
 *
 * await using cluster = createCluster();
 * const app = probes(cluster);
 * console.log((await app.request('/readyz')).status); // 503
 * await cluster.start();
 * console.log((await app.request('/readyz')).status); // 200
 * ```
 */
export const probes = (cluster: Probed, options: ProbesOptions = {}): Hono => {
  assertOptions(options, ['rules']);
  const { rules } = options;
  checkRules(rules);
  const app = new Hono();
  app.get('/livez', () => livez());
  app.on('GET', ['/readyz', '/healthz'], ({ req }) => readyz(cluster.snapshot, rules, req.query('verbose')));
  app.on(
    ['POST', 'PUT', 'PATCH', 'DELETE'],
    PATHS,
    () => new Response(null, { status: 405, headers: { allow: ALLOW } }),
  );
  return app;
};

/** The process answers: this is the answer. */
export const livez = (): Response => probeAnswer(200, { status: 'ok' });

/**
 * Whether requests are to be sent.
 *
 * @param verbose - the value of that parameter; it is asked for by any but `false` and `0`.
 */
export const readyz = (
  snapshot: Pick<ClusterSnapshot, 'state' | 'servers'>,
  rules: readonly HealthGroup[] | undefined,
  verbose: string | undefined,
): Response => {
  const readiness = readinessOf(snapshot, rules);
  const { ready, status } = readiness;
  const isVerbose = verbose !== undefined && verbose !== 'false' && verbose !== '0';
  return probeAnswer(
    ready ? 200 : 503,
    isVerbose
      ? { ...readiness, state: snapshot.state, servers: Object.values(snapshot.servers).map(probedServer) }
      : { status },
  );
};

const probedServer = ({ id, state, health }: ServerSnapshot): ProbedServer => ({
  id,
  state,
  ...(health && { health: { status: health.status, message: health.message, latencyMs: health.latencyMs } }),
});

const probeAnswer = (status: number, view: ReadinessView): Response =>
  new Response(jsonLine(view), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
