// Data names the apps, code brings them: a name that leads nowhere is refused and changes nothing.
import { Hono } from 'hono';
import { filter, firstValueFrom, Subject } from 'rxjs';
import { createCluster, resolveApps } from 'sluice';

// #region main
const shop = new Hono().get('/', (c) => c.text('the shop'));
const admin = new Hono().get('/', (c) => c.text('the back office'));

const data$ = new Subject<unknown>(); // from a key-value store, a queue, another process …

const cluster = createCluster();
const following = data$
  .pipe(
    resolveApps({
      apps: { shop, admin },
      onRefused: (refusals) => {
        for (const { server, path, error } of refusals) console.log(`${server}.${path}: ${error.message}`);
      },
    }),
  )
  .subscribe(cluster.siphon);
await cluster.start();
// #endregion

const applied = (revision: number) =>
  firstValueFrom(cluster.cluster$.pipe(filter((snapshot) => snapshot.revision.applied === revision)));
const ask = async () => console.log(await (await fetch(cluster.snapshot.servers.web?.url ?? '')).text());

data$.next(JSON.parse('{ "web": { "listen": "127.0.0.1:0", "app": "shop" } }'));
await applied(1);
await ask();
data$.next(JSON.parse('{ "web": { "listen": "127.0.0.1:0", "app": "amdin" } }'));
await ask();
data$.next(JSON.parse('{ "web": { "listen": "127.0.0.1:0", "app": "admin" } }'));
await applied(2);
await ask();

following.unsubscribe();
await cluster.stop();

// prints:
// the shop
// web.app: there is no app named amdin
// the shop
// the back office
