// The primary holds the port: whoever connects while no worker lives is answered by the one that comes next.
import { filter, firstValueFrom } from 'rxjs';
import { createCluster } from 'sluice';
import { createWorkers, isWorker, workerContext } from 'sluice/workers';

const work = (): Promise<void> => {
  const { listeners, run } = workerContext();
  const cluster = createCluster({ listeners });
  // The first of any port that a worker asks for is the first that the primary holds.
  cluster.siphon.next({ web: { listen: '127.0.0.1:0', app: () => new Response(String(process.pid)) } });
  return run(cluster);
};

const ask = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: 'close' } })).text();

const lead = async (): Promise<void> => {
  await using workers = createWorkers({ count: 1, port: 0 });
  let url = '';
  // #region hold
  workers.sockets.hold({ kind: 'tcp', host: '127.0.0.1', port: 0 }).subscribe({
    next: ({ address }) => {
      if (address.kind === 'tcp') url = `http://127.0.0.1:${address.port}`;
    },
    error: ({ message, hint }) => console.error(message, hint),
  });
  await workers.start();
  // #endregion

  const before = await ask(url);
  const death = firstValueFrom(workers.events$.pipe(filter(({ type }) => type === 'exit')));
  process.kill(Number(before), 'SIGKILL');
  await death;
  console.log('nobody is there');
  console.log('answered by another one:', (await ask(url)) !== before);
};

if (isWorker()) await work();
else await lead();

// prints:
// nobody is there
// answered by another one: true
