import type { ControlView } from '../../admin/control-app.ts';
import type { ControlSocket } from '../../admin/control-socket.ts';
import type { Order } from '../arguments.ts';
import { type Column, column, type Dropping, drawTable } from '../columns.ts';
import { type Console, columnsOf, printLines, printResult } from '../console.ts';
import { connectTo } from '../control/client.ts';
import { chooseSocket, findSockets } from '../control/find.ts';
import { timeoutOf } from '../control/session.ts';
import { complaintLines } from '../event-line.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import type { Style } from '../paint.ts';
import { underSpinner } from '../spinner.ts';
import { duration, printable } from '../text.ts';
import { reasonLines, tableOf } from './servers.ts';

/** Shows how clusters are doing: everything about the one that is named or alone, otherwise a line about each. */
export const status = async (order: Order, console: Console): Promise<ExitCode> => {
  const json = order.switches.has('json');
  const signal = AbortSignal.timeout(timeoutOf(order));
  const named = order.values.get('cluster');
  const { sockets } = named === undefined ? await findSockets() : { sockets: [] };
  const meant = sockets.length > 1 ? sockets : [await chooseSocket(named)];
  const answers = await underSpinner(console, 'asking', json, () =>
    Promise.all(meant.map((socket) => ask(socket, signal))),
  );
  const failures = answers.filter((answer) => answer instanceof CommandError);
  const views = answers.filter((answer): answer is ControlView => !(answer instanceof CommandError));
  if (json) {
    const errors = failures.flatMap(({ complaints }) => complaints);
    printResult(console.stdout, { type: 'status', clusters: views, ...(errors.length === 0 ? {} : { errors }) });
  } else {
    const width = columnsOf(console);
    const [only] = views;
    const lines =
      meant.length === 1 && only !== undefined
        ? [...tableOf(only, width), ...reasonLines(only)]
        : overview(views, width);
    printLines(console.stdout, console.paint, lines);
    printLines(
      console.stderr,
      console.paintErrors,
      failures.flatMap(({ complaints }) => complaints.flatMap(complaintLines)),
    );
  }
  return failures[0]?.exitCode ?? EXIT.done;
};

const ask = async (socket: ControlSocket, signal: AbortSignal): Promise<ControlView | CommandError> => {
  await using client = connectTo(socket, signal);
  try {
    return await client.cluster();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
};

type ColumnName = 'name' | 'pid' | 'state' | 'servers' | 'workers' | 'connections' | 'revision' | 'uptime' | 'file';

type Row = Readonly<Record<ColumnName, string>> & { readonly style: Style };

const COLUMNS: readonly Column<ColumnName>[] = [
  column('name', 'CLUSTER', 'left', 20, 8),
  column('pid', 'PID', 'right', 7),
  column('state', 'STATE', 'left', 17, 8),
  column('servers', 'SERVERS', 'right'),
  column('workers', 'WORKERS', 'right'),
  column('connections', 'CONNS', 'right'),
  column('revision', 'REVISION', 'right'),
  column('uptime', 'UPTIME', 'right', 7),
  column('file', 'FILE', 'left', 30, 12),
];

const DROPPING: Dropping<ColumnName> = {
  luxuries: ['uptime', 'connections', 'revision', 'workers', 'servers'],
  needs: ['file'],
  shrinkable: ['file', 'name', 'state'],
};

/** How many are active; of how many, when they are not all of them. */
const workersText = (workers: ControlView['workers']): string => {
  if (workers === undefined) return '';
  const active = workers.filter(({ state }) => state === 'active').length;
  return active === workers.length ? String(active) : `${active} of ${workers.length}`;
};

/** One line per cluster, none wider than `width`. Pure. */
export const overview = (views: readonly ControlView[], width: number) => {
  const rows = views.map(({ process, state, degraded, servers, workers, revision }): Row => {
    const isBad = state === 'Error' || (degraded && state === 'Running');
    const connections = servers.reduce((sum, server) => sum + server.connections, 0);
    return {
      name: printable(process.name),
      pid: String(process.pid),
      state: degraded && state === 'Running' ? 'Running, degraded' : state,
      servers: String(servers.length),
      workers: workersText(workers),
      connections: String(connections),
      revision: String(revision.applied),
      uptime: duration(Date.now() - process.startedAt),
      file: printable(process.file),
      style: isBad ? 'bad' : state === 'Running' ? 'good' : 'busy',
    };
  });
  return drawTable(COLUMNS, rows, DROPPING, width, ({ style }, name) => (name === 'state' ? style : undefined));
};
