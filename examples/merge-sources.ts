// A file with what is always there, and a stream that adds to it, replaces and takes away.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, Subject } from 'rxjs';
import { type ClusterConfig, createCluster, fileSource, mergeSources, toConfigs } from 'sluice';

const directory = await mkdtemp(join(tmpdir(), 'sluice-'));
const path = join(directory, 'base.yaml');
const server = (body: string) => ({ listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body } }] });
await writeFile(path, JSON.stringify({ servers: { shop: server('shop'), admin: server('admin') } }));

// #region main
const tenants$ = new Subject<ClusterConfig>();

const merged$ = mergeSources([fileSource(path), tenants$], { names: ['base', 'tenants'] });

const cluster = createCluster();
const onFailed = ({ file, problems }: { file: string; problems: readonly { message: string }[] }) =>
  console.log(`${file}: ${problems[0]?.message}`);
const following = toConfigs(merged$, { onFailed }).subscribe(cluster.siphon);
await cluster.start();
// #endregion

const applied = (revision: number) =>
  firstValueFrom(cluster.cluster$.pipe(filter((snapshot) => snapshot.revision.applied === revision)));
const ask = async () => {
  const servers = Object.entries(cluster.snapshot.servers).map(
    async ([id, { url }]) => `${id}: ${await (await fetch(url)).text()}`,
  );
  console.log((await Promise.all(servers)).join(', '));
};

// The later source wins where both name a server; `null` takes one away.
tenants$.next({ shop: server('shop of a tenant') });
await applied(1);
await ask();
tenants$.next({ admin: null });
await applied(2);
await ask();
// What is not valid changes nothing: each source counts with what it said last that was good.
tenants$.next({ broken: { listen: 'nowhere', routes: [] } });
await ask();

following.unsubscribe();
await cluster.stop();
await rm(directory, { recursive: true });

// prints:
// shop: shop of a tenant, admin: admin
// shop: shop
// tenants: broken.listen: a port is missing
// shop: shop
