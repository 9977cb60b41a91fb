import type { Change, Plan } from '../../cluster/plan.ts';
import type { Order } from '../arguments.ts';
import { type Column, column, type Dropping, drawTable, fitLine } from '../columns.ts';
import { type Console, columnsOf, printLines, printResult } from '../console.ts';
import { configToSend } from '../control/sent-config.ts';
import { withCluster } from '../control/session.ts';
import { actionOf } from '../event-line.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Line, Style } from '../paint.ts';
import { counted, printable } from '../text.ts';

/** Says what a file would change in a cluster that runs; changes nothing. */
export const plan = async (order: Order, console: Console): Promise<ExitCode> => {
  const [file = ''] = order.operands;
  const config = await configToSend(file);
  const result = await withCluster(order, console, `comparing ${file}`, async (client) => ({
    ...(await client.plan(config)),
    cluster: client.socket.name,
  }));
  const { cluster, plan: found, notes } = result;
  if (order.switches.has('json')) {
    printResult(console.stdout, { type: 'plan', cluster, file, ...found, notes });
    return EXIT.done;
  }
  printLines(console.stdout, console.paint, planLines(file, cluster, found, columnsOf(console)));
  const noted = notes.map((note): Line => [{ text: 'note    ', style: 'busy' }, { text: printable(note) }]);
  printLines(console.stdout, console.paint, noted);
  return EXIT.done;
};

type ColumnName = 'action' | 'server' | 'address' | 'fields';

type Row = Readonly<Record<ColumnName, string>> & { readonly style: Style };

const COLUMNS: readonly Column<ColumnName>[] = [
  column('action', 'ACTION', 'left', 7),
  column('server', 'SERVER', 'left', 20, 8),
  column('address', 'ADDRESS', 'left', 22, 15),
  column('fields', 'WHAT DIFFERS', 'left', 20, 12),
];

const DROPPING: Dropping<ColumnName> = {
  luxuries: [],
  needs: ['fields', 'address'],
  shrinkable: ['fields', 'address', 'server'],
};

const STYLES: Readonly<Record<Change['action'], Style>> = {
  start: 'good',
  update: 'busy',
  move: 'busy',
  restart: 'busy',
  stop: 'bad',
};

/** A plan as lines, none wider than `width`. Pure. */
export const planLines = (
  file: string,
  cluster: string,
  { changes, unchanged }: Plan,
  width: number,
): readonly Line[] => {
  const rows = changes.map((change): Row => {
    const { server, from, to, fields = [] } = change;
    const action = actionOf(change);
    const address = from === undefined || to === undefined || from === to ? (to ?? from ?? '') : `${from} → ${to}`;
    return {
      action,
      server: printable(server),
      address: printable(address),
      fields: printable(fields.join(', ')),
      style: STYLES[action],
    };
  });
  const title = changes.length === 0 ? 'nothing would change' : `${counted(changes.length, 'server')} would change`;
  const rest = unchanged.length === 0 ? '' : `, ${counted(unchanged.length, 'server')} would not be touched`;
  return [
    fitLine([{ text: printable(`${file} in ${cluster}: `) }, { text: title, style: 'strong' }, { text: rest }], width),
    ...drawTable(COLUMNS, rows, DROPPING, width, ({ style }, name) => (name === 'action' ? style : undefined)),
  ];
};
