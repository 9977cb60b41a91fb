import type { Order } from '../arguments.ts';
import type { Console } from '../console.ts';
import { carryOut } from '../control/carry-out.ts';
import type { ExitCode } from '../exit-code.ts';

/** Starts servers of a cluster anew, all of them when none is named. */
export const restart = (order: Order, console: Console): Promise<ExitCode> => {
  const servers = order.operands.length === 0 ? undefined : order.operands;
  return carryOut(order, console, 'restart', `restarting ${servers?.join(', ') ?? 'all servers'}`, (client) =>
    client.restart(servers),
  );
};
