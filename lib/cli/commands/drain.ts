import type { Order } from '../arguments.ts';
import type { Console } from '../console.ts';
import { carryOut } from '../control/carry-out.ts';
import type { ExitCode } from '../exit-code.ts';

/** Takes a server of a cluster out, or back in. */
export const drainOrResume = (order: Order, console: Console): Promise<ExitCode> => {
  const [server = ''] = order.operands;
  const verb = order.command === 'resume' ? 'resume' : 'drain';
  const doing = verb === 'drain' ? `draining ${server}` : `resuming ${server}`;
  return carryOut(order, console, verb, doing, (client) => client.order(server, verb));
};
