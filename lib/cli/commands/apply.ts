import type { Order } from '../arguments.ts';
import type { Console } from '../console.ts';
import { carryOut } from '../control/carry-out.ts';
import { configToSend } from '../control/sent-config.ts';
import type { ExitCode } from '../exit-code.ts';
import { plan } from './plan.ts';

/** Puts what a file says in force in a cluster that runs, on top of what ran when it was called. */
export const apply = async (order: Order, console: Console): Promise<ExitCode> => {
  if (order.switches.has('dry-run')) return plan(order, console);
  const [file = ''] = order.operands;
  const config = await configToSend(file);
  return carryOut(order, console, 'apply', `applying ${file}`, async (client) => {
    const { revision } = await client.cluster();
    return client.replace(config, revision.applied);
  });
};
