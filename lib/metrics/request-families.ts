import type { Family, Sample } from './family.ts';
import type { MethodSeries } from './request-series.ts';
import type { Scrape } from './scrape.ts';

const ROUTED = ['server', 'route', 'method'];

const ofRoutes = (read: (series: MethodSeries) => readonly Sample[]) =>
  function* ({ clusters }: Scrape): Iterable<Sample> {
    for (const { requests } of clusters) {
      for (const server of requests) for (const series of server.methods()) yield* read(series);
    }
  };

/** What was asked of servers, and what they answered. */
export const requestFamilies: readonly Family<Scrape>[] = [
  {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests that are over, by the class of the status their clients were told.',
    labels: [...ROUTED, 'status_class'],
    samples: ofRoutes(({ counts }) => counts.filter((count) => count !== undefined)),
  },
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Seconds from the head of a request to the end of its answer.',
    labels: ROUTED,
    samples: ofRoutes(({ labels, durations }) => durations.samples(labels)),
  },
  {
    name: 'http_request_body_bytes_total',
    type: 'counter',
    help: 'Bytes of the bodies of requests that arrived.',
    labels: ROUTED,
    samples: ofRoutes(({ labels, requestBytes }) => [{ labels, value: requestBytes }]),
  },
  {
    name: 'http_response_body_bytes_total',
    type: 'counter',
    help: 'Bytes of the bodies of answers.',
    labels: ROUTED,
    samples: ofRoutes(({ labels, responseBytes }) => [{ labels, value: responseBytes }]),
  },
  {
    name: 'http_requests_cut_total',
    type: 'counter',
    help: 'Requests whose answer broke off, or whose client left before it was over.',
    labels: ['server'],
    samples: ({ clusters }) =>
      clusters.flatMap(({ requests }) => requests.map(({ labels, cut }) => ({ labels, value: cut }))),
  },
];
