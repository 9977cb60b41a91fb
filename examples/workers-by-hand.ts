// Workers with a server of Node, that take something in, talk with the primary and finish their work before they leave.
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { createWorkers, isWorker, workerContext } from 'sluice/workers';

const work = async (): Promise<void> => {
  const context = workerContext();

  // #region serve
  let served = 0;
  const server = createServer((_, response) => {
    served += 1;
    response.end(`hello from worker ${context.slot}\n`);
  });
  context.serve(server);
  server.listen(context.port, '127.0.0.1', () => context.ready());
  // #endregion

  // #region topic
  const prices = context.topic('prices');
  prices.messages$.subscribe((price) => prices.send({ slot: context.slot, price }));
  // #endregion

  // #region drain
  context.drain$.subscribe(async ({ reason, deadlineMs }) => {
    await save(served, deadlineMs);
    console.log(`worker ${context.slot} has saved its numbers: ${reason}`);
    await context.exit();
  });
  // #endregion
};

const save = (_count: number, _deadlineMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const lead = async (port: number): Promise<void> => {
  const workers = createWorkers({ count: 1, port });
  await workers.start();
  console.log((await (await fetch(`http://127.0.0.1:${port}`)).text()).trim());

  const prices = workers.topic('prices');
  const echo = firstValueFrom(prices.messages$);
  for (const { pid } of workers.snapshot.workers) await firstValueFrom(prices.send(pid, 42));
  console.log((await echo).body);

  const { forced } = await workers.stop();
  console.log('stopped,', forced.length, 'killed');
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createSocket().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

if (isWorker()) await work();
else await lead(await freePort());

// prints:
// hello from worker 0
// { slot: 0, price: 42 }
// worker 0 has saved its numbers: stop
// stopped, 0 killed
