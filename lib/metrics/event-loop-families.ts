import type { Family } from './family.ts';
import { type Scrape, withLabel } from './scrape.ts';

const NONE = {};

/** How busy the thread is that serves. */
export const eventLoopFamilies: readonly Family<Scrape>[] = [
  {
    name: 'event_loop_delay_seconds',
    type: 'gauge',
    help: 'Seconds by which the event loop was late since the last scrape.',
    labels: ['stat'],
    samples: ({ eventLoop }) =>
      Object.entries(eventLoop?.delays ?? {}).map(([stat, value]) => ({
        labels: withLabel(NONE, 'stat', stat),
        value,
      })),
  },
  {
    name: 'event_loop_utilization',
    type: 'gauge',
    help: 'The part of the time since the last scrape in which the event loop was busy, from 0 to 1.',
    labels: [],
    samples: ({ eventLoop }) => (eventLoop === undefined ? [] : [{ labels: NONE, value: eventLoop.utilization }]),
  },
];
