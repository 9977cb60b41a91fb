/** Loads what a worker loads, and says when it has. */
import { setting, takeOrders } from '../harness/orders.ts';

export interface BootSetting {
  readonly modules: readonly string[];
}

const { modules } = setting() as BootSetting;
for (const name of modules) await import(name);
takeOrders({});
