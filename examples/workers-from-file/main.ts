// A cluster on workers from a config file: `npx sluice run` does in one line what follows here.
import { join } from 'node:path';
import { filter, firstValueFrom, map } from 'rxjs';
import { fileSource, toConfigs } from 'sluice';
import { clusterWorkers } from 'sluice/workers';

process.env.PORT = '0'; // Any free port, for this program to run beside others.

const baseDir = import.meta.dirname;
const cluster = clusterWorkers({ count: 2, baseDir });
const source$ = fileSource(join(baseDir, 'sluice.config.json'));
const following = toConfigs(source$, { onFailed: ({ problems }) => console.error(problems) }).subscribe(cluster.siphon);
await cluster.start();
const url = await firstValueFrom(
  cluster.cluster$.pipe(
    filter(({ revision }) => revision.applied === 1),
    map(({ servers }) => servers.web?.url ?? ''),
  ),
);

/** Asks, with a new connection each time, until both workers have answered. */
const answering = async (): Promise<ReadonlySet<string>> => {
  const answers = new Set<string>();
  while (answers.size < 2) answers.add(await (await fetch(url, { headers: { connection: 'close' } })).text());
  return answers;
};

const before = await answering();
console.log(`${before.size} processes answer`);

// What `kill -USR2` and `sluice workers restart` do: new code is loaded by new processes, and nobody is refused.
const { status, replaced } = await cluster.workers.restart();
console.log(`restart ${status}: workers ${replaced.join(' and ')} were replaced`);
const after = await answering();
console.log(`${[...after].filter((answer) => before.has(answer)).length} of the old ones are left`);

following.unsubscribe();
await cluster.stop();

// prints:
// 2 processes answer
// restart done: workers 0 and 1 were replaced
// 0 of the old ones are left
