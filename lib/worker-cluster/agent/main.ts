import { runAgent } from './program.ts';

// What a worker of `clusterWorkers` runs.
await runAgent();
