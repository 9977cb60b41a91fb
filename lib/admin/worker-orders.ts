import { isPlainObject } from '../config/plain-data.ts';
import { MOST_WORKERS, type WorkersCount } from '../config/workers-config.ts';
import type { Workers } from '../workers/workers.ts';
import { errorView } from './error-view.ts';
import { ControlError } from './errors.ts';
import { type RestartReportView, restartReportView } from './worker-view.ts';

/** There are none to be ordered about. */
export const noWorkers = (): ControlError =>
  new ControlError(
    409,
    'ERR_NO_WORKERS',
    'it serves in one process, without workers',
    'start it with sluice run --workers auto, or write workers into its configuration',
  );

/** The number in `{ "count": 4 }`. @throws ControlError for anything else */
export const readCount = (body: unknown): WorkersCount => {
  const count = isPlainObject(body) ? body.count : undefined;
  if (count === 'auto' || count === 'physical') return count;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count;
  const hint = `send { "count": 4 }: 1 to ${MOST_WORKERS}, "auto" or "physical"`;
  throw new ControlError(400, 'ERR_CONTROL_BODY', 'it does not say how many workers', hint);
};

/** The slot in a path. @throws ControlError when there is none of that number */
export const readSlot = (text: string, workers: Workers): number => {
  const { count } = workers.snapshot;
  const slot = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (workers.snapshot.workers.some((worker) => worker.slot === slot)) return slot;
  const hint = count === 1 ? 'there is worker 0 only' : `workers are 0 to ${count - 1}`;
  throw new ControlError(404, 'ERR_UNKNOWN_WORKER', `there is no worker ${JSON.stringify(text)}`, hint);
};

/** What a restart of all workers is answered with. */
export interface RestartAnswer {
  readonly status: 200 | 409;
  readonly body: { readonly report: RestartReportView; readonly error?: ReturnType<typeof errorView> };
}

/** Replaces all workers, one slot after the other; refused while that is under way already. Never rejects. */
export const restartWorkers = async (workers: Workers): Promise<RestartAnswer> => {
  const report = await workers.restart();
  const view = restartReportView(report);
  if (report.status === 'done') return { status: 200, body: { report: view } };
  const error = view.cause ?? errorView(new Error(`the restart was ${report.status}`));
  return { status: 409, body: { report: view, error } };
};

/** Says in the words of the control API why an order to workers was not carried out. */
export const refusedBy = (cause: unknown): ControlError => {
  const { code, message, hint } = errorView(cause);
  return new ControlError(409, code, message, hint);
};
