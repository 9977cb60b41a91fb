// Any Observable of configurations drives the servers: here a Subject, fed by hand.
import { firstValueFrom, Subject } from 'rxjs';
import { filter } from 'rxjs/operators';
import { type ClusterConfig, createCluster } from 'sluice';

// #region main
const config$ = new Subject<ClusterConfig>();

const cluster = createCluster({ stopOnComplete: true });
cluster.outcomes$.subscribe(({ revision, status }) => console.log(`config ${revision}: ${status}`));
config$.subscribe(cluster.siphon);
await cluster.start();

const page = (body: string) => [{ path: '/', respond: { body } }];

config$.next({ shop: { listen: '127.0.0.1:0', routes: page('shop') } });
await firstValueFrom(cluster.cluster$.pipe(filter(({ revision }) => revision.applied === 1)));
console.log(Object.keys(cluster.snapshot.servers).join(', '));

config$.next({
  shop: { listen: '127.0.0.1:0', routes: page('shop, with news') },
  admin: { listen: '127.0.0.1:0', routes: page('admin') },
});
await firstValueFrom(cluster.cluster$.pipe(filter(({ revision }) => revision.applied === 2)));
console.log(Object.keys(cluster.snapshot.servers).join(', '));

config$.complete(); // nothing more will change, and `stopOnComplete` makes that the end
await firstValueFrom(cluster.state$.pipe(filter((state) => state === 'Stopped')));
console.log('stopped');
// #endregion

// prints:
// config 1: committed
// shop
// config 2: committed
// shop, admin
// stopped
