import type { Hono } from 'hono';
import type { ServerEnv } from '../config/server-config.ts';
import type { WorkerDetail } from '../worker-cluster/worker-cluster.ts';
import type { Workers } from '../workers/workers.ts';
import { jsonAnswer } from './json-line.ts';
import { readJson } from './request-body.ts';
import { noWorkers, readCount, readSlot, refusedBy, restartWorkers } from './worker-orders.ts';
import { workersView, workerView } from './worker-view.ts';

/** What the routes about workers need. */
export interface WorkerRoutesTarget {
  /** The workers, and what runs in them; `undefined` where it serves in one process. Throws while there is no cluster. */
  readonly workers: () => { readonly workers: Workers; readonly details: readonly WorkerDetail[] } | undefined;
  /** Counts an order; throws when there are too many. */
  readonly order: () => void;
}

/**
 * Adds what can be asked of workers to the control API.
 *
 * | Request | Answer |
 * |---|---|
 * | `GET /api/workers` | a `WorkersView` |
 * | `POST /api/workers/restart` | 200 with a `report` once every worker was replaced; 409 when one runs, or it was aborted |
 * | `POST /api/workers/scale` | `{ "count": 4 }`: 200 with a `WorkersView` once there are as many |
 * | `POST /api/workers/:slot/enable` | 200 with a `WorkerView` once it is active; 404, 409 |
 *
 * All of them are answered with 409 where there are no workers.
 */
export const addWorkerRoutes = (app: Hono<{ Bindings: ServerEnv }>, target: WorkerRoutesTarget): void => {
  const present = () => {
    const found = target.workers();
    if (found === undefined) throw noWorkers();
    return found;
  };
  app.get('/api/workers', () => {
    const { workers, details } = present();
    return jsonAnswer(200, workersView(workers, details));
  });
  app.post('/api/workers/restart', async (context) => {
    const { workers } = present();
    target.order();
    await readJson(context.req.raw);
    const { status, body } = await restartWorkers(workers);
    return jsonAnswer(status, body);
  });
  app.post('/api/workers/scale', async (context) => {
    const { workers } = present();
    target.order();
    const count = readCount(await readJson(context.req.raw));
    await workers.scale(count).catch((cause: unknown) => Promise.reject(refusedBy(cause)));
    return jsonAnswer(200, workersView(workers, present().details));
  });
  app.post('/api/workers/:slot/enable', async (context) => {
    const { workers } = present();
    target.order();
    await readJson(context.req.raw);
    const slot = readSlot(context.req.param('slot'), workers);
    await workers.enable(slot).catch((cause: unknown) => Promise.reject(refusedBy(cause)));
    return jsonAnswer(200, workerView(workers.workerStats(slot)));
  });
};
