// A config file that exports a source: `npx sluice run sluice.config.ts` does in one line what follows here.
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { createCluster, fileSource, toConfigs } from 'sluice';

const cluster = createCluster();
await cluster.start();
const source$ = fileSource(join(import.meta.dirname, 'sluice.config.ts'));
const following = toConfigs(source$, { onFailed: ({ problems }) => console.error(problems) }).subscribe(cluster.siphon);
await firstValueFrom(cluster.cluster$.pipe(filter(({ revision }) => revision.applied === 1)));
for (const { url } of Object.values(cluster.snapshot.servers)) console.log(await (await fetch(url)).text());
following.unsubscribe();
await cluster.stop();

// prints:
// shop
// tenant
