// What was in force is kept on disk, and a start with a broken file begins from there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatMap, lastValueFrom } from 'rxjs';
import { createCluster, fileSource, resumeLastGood, saveLastGood } from 'sluice';

const directory = await mkdtemp(join(tmpdir(), 'sluice-'));
const path = join(directory, 'servers.json');
const routes = [{ path: '/', respond: { body: 'still here' } }];
await writeFile(path, JSON.stringify({ servers: { shop: { listen: '127.0.0.1:0', routes } } }));

// #region main
const kept = join(directory, 'state', 'last-good.json');

/** One life of a program: it serves what the file says, or else what was in force last. */
const live = async () => {
  const cluster = createCluster();
  await cluster.start();
  await lastValueFrom(
    fileSource(path, { watch: false }).pipe(
      resumeLastGood(kept),
      concatMap(async (event) => {
        if (event.type === 'failed') return console.log(`broken: ${event.problems[0].message}`);
        const { status } = await cluster.apply(event.servers);
        if (status === 'committed') await saveLastGood(kept, { servers: event.servers });
      }),
    ),
  );
  return cluster;
};
// #endregion

for (const text of [undefined, '{ "servers": {']) {
  if (text !== undefined) await writeFile(path, text);
  const cluster = await live();
  console.log(await (await fetch(cluster.snapshot.servers.shop?.url ?? '')).text());
  await cluster.stop();
}
await rm(directory, { recursive: true });

// prints:
// still here
// broken: the file ends where a key in double quotes should follow
// still here
