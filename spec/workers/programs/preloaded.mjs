// What a spare loads before it has a slot.
import { isWorker, workerContext } from 'sluice/workers';

const codeOf = (attempt) => {
  try {
    attempt();
  } catch ({ code }) {
    return code;
  }
};
console.log(JSON.stringify({ type: 'preloaded', isWorker: isWorker(), code: codeOf(workerContext) }));
