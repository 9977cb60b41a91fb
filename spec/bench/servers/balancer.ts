/** A proxy route over several targets: what `proxy-kills` asks. */
import { createCluster, type Logger } from '../../../lib/index.ts';
import { setting, takeOrders } from '../harness/orders.ts';

export interface BalancerSetting {
  readonly port: number;
  readonly targets: readonly string[];
  readonly balance: 'round-robin' | 'least-in-flight';
}

const { port, targets, balance } = setting() as BalancerSetting;

/** What the proxy itself has had to say of requests that failed. */
const errors: string[] = [];

const nothing = (): void => undefined;
const logger: Logger = {
  error: (message, details) => {
    errors.push(
      `${message} ${JSON.stringify(details, (_, value) => (value instanceof Error ? value.message : value))}`,
    );
  },
  warn: nothing,
  info: nothing,
  debug: nothing,
};

const cluster = createCluster({ logger });
await cluster.start();
const outcome = await cluster.apply({
  front: { listen: `127.0.0.1:${port}`, routes: [{ path: '/*', proxy: { targets, balance, coolDownMs: 50 } }] },
});
if (outcome.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
takeOrders({ errors: () => errors });
