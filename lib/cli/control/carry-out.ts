import type { ServerView } from '../../admin/cluster-view.ts';
import type { ControlView } from '../../admin/control-app.ts';
import type { Order } from '../arguments.ts';
import type { Complaint } from '../complaint.ts';
import { type Console, printLines, printResult } from '../console.ts';
import { complaintLines, outcomeLine } from '../event-line.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import type { OrderResult as JsonResult } from '../json-events.ts';
import type { Line } from '../paint.ts';
import { printable } from '../text.ts';
import type { ControlClient, OrderResult } from './client.ts';
import { withCluster } from './session.ts';

/**
 * Gives an order to a cluster, tells what came of it, and with `--wait` stays until all of it has happened.
 *
 * @throws CommandError when it was refused, or did not happen in time.
 */
export const carryOut = async (
  order: Order,
  console: Console,
  type: JsonResult['type'],
  doing: string,
  give: (client: ControlClient) => Promise<OrderResult>,
): Promise<ExitCode> => {
  const { switches } = order;
  const result = await withCluster(order, console, doing, async (client) => {
    const given = await give(client);
    if (switches.has('wait')) await settled(client);
    return { ...given, cluster: client.socket.name };
  });
  const { cluster, outcome, notes } = result;
  const behind = (outcome.refused ?? []).map(({ server, cause }): Complaint => {
    return { ...cause, message: `${server} stays behind: ${cause.message}`, server };
  });
  if (switches.has('json')) {
    printResult(console.stdout, { type, cluster, ...outcome, notes });
  } else {
    const noted = notes.map((note): Line => [{ text: 'note    ', style: 'busy' }, { text: printable(note) }]);
    printLines(console.stdout, console.paint, [outcomeLine(outcome), ...noted]);
    printLines(console.stderr, console.paintErrors, behind.flatMap(complaintLines));
  }
  return behind.length > 0 ? EXIT.refused : EXIT.done;
};

/** Stays until every server runs and nothing drains any more; each event is a reason to look again. */
const settled = async (client: ControlClient): Promise<void> => {
  for await (const _ of client.stream('/api/events')) {
    const view = await client.cluster();
    const failed = view.servers.find(({ state }) => state === 'failed');
    if (failed !== undefined) throw new CommandError(EXIT.refused, [failure(failed)]);
    if (isSettled(view)) return;
  }
  throw new CommandError(EXIT.error, [GONE]);
};

const isSettled = ({ state, servers, draining }: ControlView): boolean =>
  state === 'Running' &&
  draining.length === 0 &&
  servers.every((one) => one.state === 'running' || one.state === 'stopped');

const failure = ({ id, error }: ServerView): Complaint => ({
  code: error?.code ?? 'ERR_SERVER_FAILED',
  message: `${id} has failed${error === undefined ? '' : `: ${error.message}`}`,
  hint: error?.hint ?? 'sluice logs says more',
  server: id,
});

const GONE: Complaint = {
  code: 'ERR_CONTROL_GONE',
  message: 'the cluster ended while it was waited for',
  hint: 'the order was carried out before; sluice status says what runs',
};
