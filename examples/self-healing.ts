// A server that stays down is built anew, and probes say meanwhile that the process is not ready.
import { filter, firstValueFrom } from 'rxjs';
import { createCluster, probes, readiness, readinessOf } from 'sluice';

// #region heal
const cluster = createCluster({ baseDir: import.meta.dirname });
await cluster.start();
await cluster.apply({
  shop: {
    listen: '127.0.0.1:0',
    routes: [{ path: '/*', module: './modules/orders.ts' }],
    health: { http: '/orders', intervalMs: 50, heal: true },
    restart: { initialMs: 20, intensity: 3 },
    dependsOn: ['ops'],
  },
  ops: { listen: '127.0.0.1:0', app: probes(cluster) },
});
// #endregion

const url = (id: string): string => cluster.snapshot.servers[id]?.url ?? '';
const show = async (path: string): Promise<void> => {
  const response = await fetch(path, { headers: { connection: 'close' } });
  console.log(response.status, await response.text());
};

// #region readiness
const readiness$ = readiness(cluster);
const well$ = readiness$.pipe(filter(({ status }) => status === 'ok'));
const down$ = readiness$.pipe(filter(({ ready }) => !ready));

await firstValueFrom(well$);
await show(`${url('shop')}/orders`);
await show(`${url('ops')}/readyz`);
// #endregion

console.log('the shop loses its database');
await fetch(`${url('shop')}/lose`, { method: 'POST' });
const { reasons } = await firstValueFrom(down$);
console.log(reasons);

await firstValueFrom(well$);
console.log('restarts:', cluster.snapshot.servers.shop?.restarts);
await show(`${url('shop')}/orders`);

// #region rules
const rules = [
  { mode: 'must', servers: ['shop'] },
  { mode: 'should', servers: ['search'] },
] as const;
const { ready, status } = readinessOf(cluster.snapshot, rules);
console.log('by the rules:', ready, status);
// #endregion

const stopped = cluster.stop();
await show(`${url('ops')}/readyz`);
await stopped;

// prints:
// 200 12 orders
// 200 {"status":"ok"}
// the shop loses its database
// [
//   {
//     server: 'shop',
//     status: 'down',
//     message: 'GET /orders was answered with 500, not 2xx'
//   }
// ]
// restarts: 1
// 200 12 orders
// by the rules: true warn
// 503 {"status":"down"}
