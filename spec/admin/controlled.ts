import { Subject } from 'rxjs';
import { onTestFinished } from 'vitest';
import { createControlApp } from '../../lib/admin/control-app.ts';
import { createDesired } from '../../lib/admin/desired.ts';
import type { Transport } from '../../lib/admin/guard.ts';
import { createLogRing } from '../../lib/admin/log-ring.ts';
import { type Cluster, createCluster } from '../../lib/cluster/cluster.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import type { Problem } from '../../lib/source/source.ts';
import type { Workers } from '../../lib/workers/workers.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** A server on a free port that answers with a text. */
export const answering = (body: string) => ({ listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body } }] });

/** A cluster that runs these servers, until the test is over. */
export const clusterOf = async (config: ClusterConfig): Promise<Cluster> => {
  const cluster = createCluster({ logger: silent });
  onTestFinished(async () => void (await cluster.stop({ drainTimeoutMs: 0 })));
  await cluster.start();
  const outcome = await cluster.apply(config);
  if (outcome.status !== 'committed' && outcome.status !== 'unchanged')
    throw new Error(`the cluster of the test was ${outcome.status}`);
  return cluster;
};

/** The control API of a cluster of `web` and `admin`. */
export const controlled = async (transport: Transport = { kind: 'unix' }, workers?: Workers) => {
  const cluster = await clusterOf({});
  const desired = createDesired(cluster);
  await desired.apply({ web: answering('one'), admin: answering('admin') });
  const logs = createLogRing();
  const closing$ = new Subject<void>();
  const identity = { name: 'test', pid: 1, version: '0.0.0', file: '/a.json', startedAt: 0 };
  /** What is wrong with the file. */
  const file: { problems: Problem[]; resumedFrom: string | undefined } = { problems: [], resumedFrom: undefined };
  const fixed = { commit: 'atomic', strategy: 'hot-swap' } as const;
  const running = () => ({ cluster, desired, fixed, ...(workers && { workers }), ...file });
  const app = createControlApp({ identity, logs, running }, { transport, closing$ });
  const send = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, etag: response.headers.get('etag'), answer: await response.json() };
  };
  return { app, file, cluster, desired, logs, closing$, send };
};

/** A cluster that serves an app on the loopback; gives its port. */
export const served = async (app: { fetch(request: Request, env: object): Response | Promise<Response> }) => {
  const cluster = await clusterOf({ control: { listen: '127.0.0.1:0', app } });
  return Number(new URL(cluster.snapshot.servers.control?.url ?? '').port);
};
