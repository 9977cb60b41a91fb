// One Rx app steers another: while an upstream is down, a route answers for it.
import { createServer } from 'node:http';
import { Hono } from 'hono';
import { catchError, distinctUntilChanged, from, map, of, switchMap, timeout, timer } from 'rxjs';
import { type ClusterConfig, createCluster } from 'sluice';

const upstream = createServer((_, response) => response.end('fresh from the upstream')).listen(0, '127.0.0.1');
await new Promise((resolve) => upstream.once('listening', resolve));
const address = upstream.address();
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

// #region main
const live = new Hono().get('/', () => fetch(origin).catch(() => new Response('bad gateway', { status: 502 })));
const maintenance = new Hono().get('/', (c) => c.text('back in a moment', 503));

const healthy$ = timer(0, 50).pipe(
  switchMap(() =>
    from(fetch(origin)).pipe(
      timeout(1_000),
      map(({ ok }) => ok),
      catchError(() => of(false)),
    ),
  ),
  distinctUntilChanged(),
);
const config$ = healthy$.pipe(
  map((healthy): ClusterConfig => ({ shop: { listen: '127.0.0.1:0', app: healthy ? live : maintenance } })),
);

const cluster = createCluster();
const steering = config$.subscribe(cluster.siphon);
await cluster.start();
// #endregion

const seen = async (status: number): Promise<string> => {
  for (;;) {
    const { shop } = cluster.snapshot.servers;
    const response = shop === undefined ? undefined : await fetch(shop.url);
    if (response?.status === status) return `${status} ${await response.text()}`;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
console.log(await seen(200));
upstream.close();
upstream.closeAllConnections();
console.log(await seen(503));

steering.unsubscribe();
await cluster.stop();

// prints:
// 200 fresh from the upstream
// 503 back in a moment
