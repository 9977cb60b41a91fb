/** Clients that mean no good, in a process of their own. */
import { type Attack, type AttackOrder, attack } from '../../attack/attackers.ts';
import { takeOrders } from '../harness/orders.ts';

let running: Attack | undefined;

takeOrders({
  /** Begins an attack; settles when everybody is connected. */
  begin: async (order: AttackOrder) => {
    running = attack(order);
    await running.begun;
  },
  report: () => running?.report(),
  stop: () => running?.stop(),
});
