import { type RestartReportView, workerEventFields } from '../admin/worker-view.ts';
import type { WorkersEvent } from '../workers/event.ts';
import type { WorkerExit } from '../workers/exit.ts';
import type { Line, Style } from './paint.ts';
import { counted, duration, printable } from './text.ts';

/** What happened to a worker, or to all of them, in words for people. Pure. */
export const workerText = (event: WorkersEvent): string => {
  switch (event.type) {
    case 'starting':
      return `${event.slot} starting as process ${event.pid}${STARTED_FOR[event.why]}`;
    case 'active':
      return `${event.slot} active, after ${milliseconds(event.bootMs)}`;
    case 'draining':
      return `${event.slot} draining: ${event.reason}`;
    case 'exit': {
      const { exit } = workerEventFields(event);
      if (event.pid === 0) return `${event.slot} could not be started${because(exit)}`;
      return `${event.slot} ${exit === undefined ? 'ended' : exitText(exit)} (process ${event.pid})`;
    }
    case 'respawning':
      return `${event.slot} respawning in ${milliseconds(event.delayMs)}`;
    case 'disabled':
      return `${event.slot} disabled: ${crashes(event.crashes)} within ${milliseconds(event.withinMs)}`;
    case 'enabled':
      return `${event.slot} ${event.by === 'caller' ? 'enabled' : 'gets another chance'}`;
    case 'unresponsive':
      return `${event.slot} unresponsive for ${milliseconds(event.silentMs)} (process ${event.pid}), is replaced`;
    case 'outgrown':
      return `${event.slot} ${event.reason === 'memory' ? 'holds too much memory' : 'is old enough'}, is replaced`;
    case 'breaker':
      return event.open
        ? `${crashes(event.crashes)} of all workers together: nobody is started again for now`
        : 'workers are started again';
    case 'restart-begun':
      return `restart of ${counted(event.count, 'worker')} begun`;
    case 'restart-ended': {
      const { report } = workerEventFields(event);
      return report === undefined ? 'restart ended' : restartText(report);
    }
    case 'scaled':
      return `${event.from} → ${counted(event.to, 'worker')}`;
    case 'warning':
      return `${event.message} (${event.code}${event.hint === undefined ? '' : `; hint: ${event.hint}`})`;
  }
};

const because = (exit: ToldExit | undefined): string => (exit?.error === undefined ? '' : `: ${exit.error.message}`);

const crashes = (count: number): string => (count === 1 ? '1 crash' : `${count} crashes`);

const STARTED_FOR = {
  start: '',
  respawn: ', in place of one that ended',
  replacement: ', to take over',
  enable: '',
  scale: '',
} as const;

/** How a process ended, as far as it is told. */
export interface ToldExit extends Omit<WorkerExit, 'at' | 'error'> {
  readonly error?: { readonly message: string };
}

/** How a process ended: `crashed with code 1`, `was killed by SIGKILL`. Pure. */
export const exitText = ({ code, signal, crash, forced, intent, error }: ToldExit): string => {
  const how = signal === null ? `with code ${code ?? 0}` : `by ${signal}`;
  if (forced) return `had to be killed, ${how}`;
  const why = error === undefined ? '' : `: ${error.message}`;
  if (crash) return `crashed ${how}${why}`;
  if (intent === 'unready') return `did not get ready${why}`;
  return intent === undefined ? `ended ${how}` : `stopped: ${intent}`;
};

/** What a restart came to. Pure. */
export const restartText = ({
  status,
  replaced,
  kept,
  failed,
  forced,
  durationMs,
  cause,
}: RestartReportView): string => {
  const parts = [
    counted(replaced.length, 'worker').concat(' replaced'),
    ...failed.map((slot) => `worker ${slot} failed`),
    ...(kept.length === 0 ? [] : [`${counted(kept.length, 'worker')} kept`]),
    ...forced.map((slot) => `worker ${slot} was killed`),
  ].join(', ');
  const why = cause === undefined ? '' : `: ${cause.message}`;
  switch (status) {
    case 'done':
      return `restart done in ${milliseconds(durationMs)}: ${parts}`;
    case 'aborted':
      return `restart aborted after ${milliseconds(durationMs)}: ${parts}${why}`;
    case 'refused':
      return `restart refused${why}`;
  }
};

/** Whether it is about something that is wrong. Pure. */
export const isWrongWorker = (event: WorkersEvent): boolean => {
  switch (event.type) {
    case 'exit':
      return event.exit.crash || event.exit.forced || event.exit.intent === 'unready';
    case 'restart-ended':
      return event.report.status !== 'done' || event.report.forced.length > 0;
    case 'breaker':
      return event.open;
    default:
      return event.type === 'disabled' || event.type === 'unresponsive' || event.type === 'warning';
  }
};

const BUSY: ReadonlySet<WorkersEvent['type']> = new Set([
  'starting',
  'draining',
  'respawning',
  'outgrown',
  'restart-begun',
]);

const styleOf = (event: WorkersEvent): Style => {
  if (event.type === 'warning') return 'busy';
  if (isWrongWorker(event)) return 'bad';
  if (event.type === 'exit') return 'faint';
  return BUSY.has(event.type) ? 'busy' : 'good';
};

/** Head of a line about workers, as wide as those of the other types. */
const HEAD = 'worker  ';

/** What happened to a worker, or to all of them, as one line. Pure. */
export const workerLine = (event: WorkersEvent): Line => [
  { text: HEAD, style: styleOf(event) },
  { text: printable(workerText(event)) },
];

/** What the table shows anyway, in passing. Pure. */
export const isInTable = (event: WorkersEvent): boolean => {
  switch (event.type) {
    case 'starting':
    case 'active':
    case 'draining':
    case 'respawning':
    case 'enabled':
      return true;
    case 'exit':
      return !isWrongWorker(event);
    default:
      return false;
  }
};

const milliseconds = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : duration(ms));
