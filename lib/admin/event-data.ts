import type { ClusterEvent } from './cluster-event.ts';
import { clusterView, outcomeView } from './cluster-view.ts';
import { workerEventFields } from './worker-view.ts';

/** An event without its type, as data. */
export const eventData = (event: ClusterEvent): object => {
  switch (event.type) {
    case 'outcome':
      return outcomeView(event.outcome);
    case 'snapshot':
      return clusterView(event.snapshot);
    case 'worker':
      return workerEventFields(event.event);
    default: {
      const { type: _, ...fields } = event;
      return fields;
    }
  }
};
