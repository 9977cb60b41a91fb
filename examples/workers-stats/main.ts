// Two workers; any of them says what all of them did, also after one was killed.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { filter, firstValueFrom } from 'rxjs';
import { createWorkers } from 'sluice/workers';

/** A port that nobody has. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

const port = await freePort();
const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

// #region main
const workers = createWorkers({ script: new URL('./worker.ts', import.meta.url), count: 2, port, logger: quiet });
await workers.start();
// #endregion

const url = `http://127.0.0.1:${port}`;
/** Over a connection of its own: any of the workers may get it. */
const ask = async (path: string, method = 'GET'): Promise<string> =>
  (await fetch(url + path, { method, headers: { connection: 'close' } })).text();

for (let job = 0; job < 20; job += 1) await ask('/jobs', 'POST');
console.log(await ask('/stats'));

const [victim] = workers.snapshot.workers;
if (victim !== undefined) process.kill(victim.pid, 'SIGKILL');
await firstValueFrom(
  workers.workers$.pipe(filter(({ workers: [first] }) => first?.state === 'active' && first.pid !== victim?.pid)),
);
await ask('/jobs', 'POST');
console.log(await ask('/stats'));

await workers.stop();

// prints:
// {"active":"2 of 2","restarts":0,"jobs":20,"missing":[]}
// {"active":"2 of 2","restarts":1,"jobs":21,"missing":[]}
