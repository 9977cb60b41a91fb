import { workerContext } from '../../workers/worker-context.ts';
import { TOPIC } from '../messages.ts';
import { Agent } from './agent.ts';
import { measuringFor } from './measuring.ts';

// What a worker of `clusterWorkers` runs. Every import here is paid for with each worker that starts.
const context = workerContext();
const site = { listeners: context.listeners, topic: context.topic(TOPIC), measure: measuringFor(context) };
await context.run(new Agent(site));
