import type { ControlView } from '../../admin/control-app.ts';
import type { Order } from '../arguments.ts';
import { type Console, columnsOf, printLines, printResult } from '../console.ts';
import { withCluster } from '../control/session.ts';
import { complaintLine } from '../event-line.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Line } from '../paint.ts';
import { layout } from '../table.ts';
import { counted, printable } from '../text.ts';

/** Shows the servers of a cluster. */
export const servers = async (order: Order, console: Console): Promise<ExitCode> => {
  const view = await withCluster(order, console, 'asking', (client) => client.cluster());
  if (order.switches.has('json')) {
    const { process, servers: all, draining, drained, workers } = view;
    const cluster = process.name;
    printResult(console.stdout, {
      type: 'servers',
      cluster,
      servers: all,
      draining,
      drained,
      ...(workers && { workers }),
    });
  } else printLines(console.stdout, console.paint, tableOf(view, columnsOf(console)).slice(1));
  return EXIT.done;
};

/** A cluster as `run` draws it: a title, a head, and one line per server, however many. Pure. */
export const tableOf = (view: ControlView, width: number): readonly Line[] => {
  const { process, servers: all, drained, problems = [] } = view;
  const out = new Set(drained);
  const rows = all.map((one) => [one.id, out.has(one.id) ? { ...one, note: DRAINED } : one] as const);
  const snapshot = { ...view, servers: Object.fromEntries(rows) };
  const name = printable(`${process.name} (${process.pid})`);
  return layout(
    { name, file: process.file, snapshot, problems: problems.length },
    { width, height: Number.POSITIVE_INFINITY },
  );
};

const DRAINED = 'drained, until it is resumed';

/** Why what is asked for is not what runs, when it is not. Pure. */
export const reasonLines = ({
  error,
  issues = [],
  source,
  problems = [],
  resumedFrom,
}: ControlView): readonly Line[] => {
  const reasons = [
    ...problems.map((problem) => `${complaintLine(problem)} (${problem.code})`),
    ...(error === undefined ? [] : [`${error.message} (${error.code})`]),
    ...issues.map(({ server, path, message }) => `${[server, path].filter(Boolean).join('.')}: ${message}`),
    ...(source === 'failed' ? ['the source of configurations failed'] : []),
  ];
  const most = 5;
  const more = reasons.length - most;
  const resumed = `the last good configuration, of ${resumedFrom}, is being served`;
  return [
    ...(resumedFrom === undefined
      ? []
      : [[{ text: 'note    ', style: 'busy' as const }, { text: printable(resumed) }]]),
    ...reasons.slice(0, most).map((text): Line => [{ text: 'reason  ', style: 'bad' }, { text: printable(text) }]),
    ...(more > 0 ? [[{ text: `… and ${counted(more, 'reason')} more`, style: 'faint' as const }]] : []),
  ];
};
