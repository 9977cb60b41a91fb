// The servers follow a file. A broken edit is reported, with its place, and changes nothing.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, share } from 'rxjs';
import { createCluster, fileSource } from 'sluice';

const directory = await mkdtemp(join(tmpdir(), 'sluice-'));
const path = join(directory, 'servers.yaml');
const save = async (body: string) => {
  const routes = `    routes:\n      - path: /\n        respond: ${body}\n`;
  // Written elsewhere and renamed, as editors do: nobody ever sees half a file.
  await writeFile(`${path}.new`, `servers:\n  shop:\n    listen: 127.0.0.1:0\n${routes}`);
  await rename(`${path}.new`, path);
};
await save('{ body: open }');

// #region main
const cluster = createCluster();
await cluster.start();

const events$ = fileSource(path).pipe(share());
const following = events$.subscribe((event) => {
  if (event.type === 'loaded') cluster.siphon.next(event.servers);
  else for (const { line, column, message } of event.problems) console.log(`${line}:${column}: ${message}`);
});
// #endregion

const applied = (revision: number) =>
  firstValueFrom(cluster.cluster$.pipe(filter((snapshot) => snapshot.revision.applied === revision)));
const ask = async () => (await fetch(cluster.snapshot.servers.shop?.url ?? '')).text();

await applied(1);
console.log(await ask());
await save('{ body: closed }');
await applied(2);
console.log(await ask());

const broken = firstValueFrom(events$.pipe(filter(({ type }) => type === 'failed')));
await save('{ bodi: closed }');
await broken;
console.log(await ask());

following.unsubscribe();
await cluster.stop();
await rm(directory, { recursive: true });

// prints:
// open
// closed
// 6:20: shop.routes.0.respond.bodi: unknown key
// closed
