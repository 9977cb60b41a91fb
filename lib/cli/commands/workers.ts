import type { WorkersView } from '../../admin/worker-view.ts';
import type { Order } from '../arguments.ts';
import { type Console, columnsOf, printLines, printResult } from '../console.ts';
import type { ControlClient } from '../control/client.ts';
import { withCluster } from '../control/session.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import type { Line } from '../paint.ts';
import { counted, printable } from '../text.ts';
import { restartText } from '../worker-line.ts';
import { readWorkerOrder } from '../worker-order.ts';
import { workerTable } from '../worker-table.ts';

/** Shows the workers of a cluster, replaces them, changes how many there are, or gives one another chance. */
export const workers = async (order: Order, console: Console): Promise<ExitCode> => {
  const asked = readWorkerOrder(order.operands);
  const json = order.switches.has('json');
  const talk = <T>(doing: string, ask: (client: ControlClient) => Promise<T>) =>
    withCluster(order, console, doing, async (client) => ({ cluster: client.socket.name, answer: await ask(client) }));
  switch (asked.type) {
    case 'wrong':
      throw new CommandError(EXIT.usage, [{ code: 'ERR_USAGE', message: asked.message, hint: asked.hint }]);
    case 'list': {
      const { cluster, answer } = await talk('asking', (client) => client.workers());
      if (json) printResult(console.stdout, { type: 'workers', cluster, ...answer });
      else printLines(console.stdout, console.paint, linesOf(answer, columnsOf(console)));
      return EXIT.done;
    }
    case 'restart': {
      const { cluster, answer } = await talk('replacing workers', (client) => client.restartWorkers());
      if (json) printResult(console.stdout, { type: 'workers-restart', cluster, ...answer.report });
      else printLines(console.stdout, console.paint, [done(restartText(answer.report))]);
      return EXIT.done;
    }
    case 'scale': {
      const { cluster, answer } = await talk(`scaling to ${asked.count}`, (client) => client.scaleWorkers(asked.count));
      if (json) printResult(console.stdout, { type: 'workers', cluster, ...answer });
      else printLines(console.stdout, console.paint, [done(activeText(answer))]);
      return EXIT.done;
    }
    case 'enable': {
      const { slot } = asked;
      const { cluster, answer } = await talk(`enabling worker ${slot}`, (client) => client.enableWorker(slot));
      if (json) printResult(console.stdout, { type: 'workers-enable', cluster, worker: answer });
      else printLines(console.stdout, console.paint, [done(`${slot} is ${answer.state}, as process ${answer.pid}`)]);
      return EXIT.done;
    }
  }
};

const done = (text: string): Line => [{ text: 'worker  ', style: 'good' }, { text: printable(text) }];

const activeText = ({ active, count }: WorkersView): string => `${active} of ${counted(count, 'worker')} active`;

/** A line about all of them, and the table. Pure. */
const linesOf = (view: WorkersView, width: number): readonly Line[] => [
  ...workerTable(view.workers, width),
  [
    { text: activeText(view), style: view.active === view.count ? 'good' : 'busy' },
    { text: `, ${counted(view.stats.restarts, 'restart')}, ${view.stats.crashes} unasked ends` },
    ...(view.spares === 0 ? [] : [{ text: `, ${counted(view.spares, 'spare')}` }]),
    ...(view.restarting ? [{ text: ', being replaced', style: 'busy' as const }] : []),
  ],
];
