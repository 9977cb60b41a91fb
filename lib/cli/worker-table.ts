import type { WorkerSnapshot } from '../workers/snapshot.ts';
import type { WorkerState } from '../workers/worker-state.ts';
import { type Column, column, type Dropping, drawTable } from './columns.ts';
import type { Line, Style } from './paint.ts';
import { duration, printable } from './text.ts';
import { exitText, type ToldExit } from './worker-line.ts';

/** What is shown of a worker: of its snapshot, and of what its control socket tells. */
export interface TableWorker extends Omit<WorkerSnapshot, 'lastExit' | 'error'> {
  readonly lastExit?: ToldExit;
  readonly error?: { readonly message: string };
}

type ColumnName =
  | 'slot'
  | 'state'
  | 'pid'
  | 'connections'
  | 'inFlight'
  | 'rss'
  | 'busy'
  | 'restarts'
  | 'uptime'
  | 'note';

type Row = Readonly<Record<ColumnName, string>> & { readonly style: Style };

const COLUMNS: readonly Column<ColumnName>[] = [
  column('slot', 'WORKER', 'left', 6),
  column('state', 'STATE', 'left', 10),
  column('pid', 'PID', 'right', 7),
  column('connections', 'CONNS', 'right'),
  column('inFlight', 'IN-FLIGHT', 'right'),
  column('rss', 'MEMORY', 'right'),
  column('busy', 'BUSY', 'right'),
  column('restarts', 'RESTARTS', 'right'),
  column('uptime', 'UPTIME', 'right', 7),
  column('note', 'NOTE', 'left', 30, 12),
];

const DROPPING: Dropping<ColumnName> = {
  luxuries: ['busy', 'inFlight', 'uptime', 'restarts', 'connections', 'rss'],
  // The number and the state stay.
  needs: ['note', 'pid'],
  shrinkable: ['note'],
};

const STYLES: Readonly<Record<WorkerState, Style>> = {
  starting: 'busy',
  active: 'good',
  stopping: 'busy',
  stopped: 'faint',
  crashed: 'bad',
  respawning: 'busy',
  disabled: 'bad',
};

/** A head, and one line per worker, none wider than `width`. Pure. */
export const workerTable = (workers: readonly TableWorker[], width: number): readonly Line[] => {
  const restarts = workers.some((worker) => worker.restarts > 0);
  const rows = workers.map((worker): Row => {
    const { slot, state, pid, heartbeat } = worker;
    const isThere = pid !== 0;
    const beat = isThere ? heartbeat : undefined;
    return {
      slot: String(slot),
      state,
      pid: isThere ? String(pid) : '',
      connections: beat === undefined ? '' : String(beat.connections),
      inFlight: beat === undefined ? '' : String(beat.inFlight),
      rss: beat === undefined ? '' : bytes(beat.rssBytes),
      busy: beat === undefined ? '' : `${Math.round(beat.utilization * 100)} %`,
      // A column of zeros says nothing; the first restart makes it appear.
      restarts: restarts ? String(worker.restarts) : '',
      uptime: state === 'active' ? duration(worker.uptimeMs) : '',
      note: printable(noteOf(worker)),
      style: STYLES[state],
    };
  });
  return drawTable(COLUMNS, rows, DROPPING, width, ({ style }, name) => {
    if (name === 'state') return style;
    return name === 'note' ? 'faint' : undefined;
  });
};

/** Those about whom there is something to know, first; the others in their order. Pure. */
export const urgentWorkersFirst = (workers: readonly TableWorker[]): readonly TableWorker[] => [
  ...workers.filter(({ state }) => state !== 'active'),
  ...workers.filter(({ state }) => state === 'active'),
];

const noteOf = ({ state, replacement, error, lastExit }: TableWorker): string => {
  if (replacement !== undefined) return `process ${replacement.pid} ${replacement.ready ? 'takes over' : 'gets ready'}`;
  if (state === 'active' || state === 'starting' || state === 'stopping') return '';
  if (error !== undefined) return error.message;
  return lastExit === undefined ? '' : exitText(lastExit);
};

/** Mebibytes, or gibibytes where there are many. */
const bytes = (count: number): string => {
  const mebibytes = count / 1_048_576;
  return mebibytes < 1_000 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1_024).toFixed(1)} GiB`;
};
