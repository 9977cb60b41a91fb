/** Clients that mean no good, in a process of their own. */
import { type Attack, type AttackOrder, attack } from '../../attack/attackers.ts';
import { takeOrders } from '../harness/orders.ts';

let running: readonly Attack[] = [];

takeOrders({
  /** Begins attacks; settles when everybody is connected. */
  begin: async (orders: readonly AttackOrder[]) => {
    running = orders.map(attack);
    await Promise.all(running.map(({ begun }) => begun));
  },
  report: () => running.map((each) => each.report()),
  stop: () => {
    for (const each of running) each.stop();
  },
});
