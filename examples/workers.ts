// One server in two processes, replaced one by one while a client goes on asking.
import { createServer } from 'node:net';
// #region imports
import { createCluster } from 'sluice';
import { createWorkers, isWorker, workerContext } from 'sluice/workers';

// #endregion

// #region worker
const work = (): Promise<void> => {
  const context = workerContext();
  const cluster = createCluster({ listeners: context.listeners });
  cluster.siphon.next({
    web: { listen: `127.0.0.1:${context.port}`, app: () => new Response(`worker ${context.slot} of ${context.count}`) },
  });
  // Ready when the cluster is `Running`; stopped when this worker is to leave.
  return context.run(cluster);
};
// #endregion

// #region primary
const lead = async (port: number): Promise<void> => {
  await using workers = createWorkers({ count: 2, port });
  await workers.start();
  console.log(workers.snapshot.active, 'workers');

  const client = keepAsking(port);
  const { status, replaced } = await workers.restart();
  console.log('restart:', status, replaced);
  const { answers, failed } = await client.stop();
  console.log([...answers].sort(), `${failed} failed`);
};
// #endregion

const keepAsking = (port: number) => {
  const answers = new Set<string>();
  let failed = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      try {
        answers.add(await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text());
      } catch {
        failed += 1;
      }
    }
  })();
  const stop = async () => {
    while (answers.size < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    isOver = true;
    await asking;
    return { answers, failed };
  };
  return { stop };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

if (isWorker()) await work();
else await lead(await freePort());

// prints:
// 2 workers
// restart: done [ 0, 1 ]
// [ 'worker 0 of 2', 'worker 1 of 2' ] 0 failed
