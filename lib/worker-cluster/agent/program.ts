import { letNodeImportFirst } from '../../module/first-import.ts';
import { workerContext } from '../../workers/worker-context.ts';
import { TOPIC } from '../messages.ts';
import { Agent } from './agent.ts';
import { measuringFor } from './measuring.ts';

/** Runs the agent of this worker until it leaves. Nothing happens before: a spare loads this while it has no slot yet. */
export const runAgent = (): Promise<void> => {
  letNodeImportFirst();
  const context = workerContext();
  const site = { listeners: context.listeners, topic: context.topic(TOPIC), measure: measuringFor(context) };
  return context.run(new Agent(site));
};
