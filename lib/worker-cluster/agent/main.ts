import { workerContext } from '../../workers/worker-context.ts';
import { TOPIC } from '../messages.ts';
import { Agent } from './agent.ts';

// What a worker of `clusterWorkers` runs. Every import here is paid for with each worker that starts.
const context = workerContext();
await context.run(new Agent({ listeners: context.listeners, topic: context.topic(TOPIC) }));
