// Starts itself as its worker, which tries to start workers as well.
import { fileURLToPath } from 'node:url';
import { createWorkers, isWorker, workerContext } from 'sluice/workers';

const workers = createWorkers({ script: fileURLToPath(import.meta.url), port: 0, count: 1 });
if (isWorker()) workerContext().ready();
await workers.start().catch(({ code }) => console.log(JSON.stringify({ type: 'nested', code })));
