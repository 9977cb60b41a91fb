import type { Health, HealthStatus } from '../health/health.ts';
import type { Family, Labels, Sample } from './family.ts';
import { type Scrape, withLabel } from './scrape.ts';

const STATUS: Readonly<Record<HealthStatus, number>> = { down: 0, warn: 1, ok: 2 };

const NONE: Labels = {};

/** The part of the time in which it was up, of that in which it was up or down; `undefined` when it was neither yet. */
export const sliOf = ({ uptimeMs, downtimeMs }: Pick<Health, 'uptimeMs' | 'downtimeMs'>): number | undefined =>
  uptimeMs + downtimeMs > 0 ? uptimeMs / (uptimeMs + downtimeMs) : undefined;

/** The healths that are known, with the labels of their servers. */
const healths = ({ clusters }: Scrape): readonly (readonly [Labels, Health])[] =>
  clusters.flatMap(({ labels, snapshot }) =>
    Object.values(snapshot.servers).flatMap(({ id, health }) =>
      health === undefined ? [] : [[withLabel(labels, 'monitor', id), health] as const],
    ),
  );

const gauge = (name: string, help: string, read: (health: Health) => number): Family<Scrape> => ({
  name,
  type: 'gauge',
  help,
  labels: ['monitor'],
  samples: (scrape) => healths(scrape).map(([labels, health]) => ({ labels, value: read(health) })),
});

/** Of each server that has one, and of all of them. */
const slis = (scrape: Scrape): readonly Sample[] => {
  const each = healths(scrape).flatMap(([labels, health]) => {
    const value = sliOf(health);
    return value === undefined ? [] : [{ labels, value }];
  });
  if (each.length === 0) return [];
  const values = each.map(({ value }) => value);
  const all = (stat: string, value: number): Sample => ({ labels: withLabel(NONE, 'stat', stat), value });
  return [
    ...each,
    all('mean', values.reduce((sum, value) => sum + value, 0) / values.length),
    all(
      'min',
      values.reduce((least, value) => Math.min(least, value)),
    ),
    all(
      'max',
      values.reduce((most, value) => Math.max(most, value)),
    ),
  ];
};

/** What health checks find, under the names that golib's monitors have. */
export const healthFamilies: readonly Family<Scrape>[] = [
  {
    name: 'monitor_latency',
    type: 'histogram',
    help: 'Seconds that the latest health check took, taken down at each scrape before which there was one.',
    labels: ['monitor'],
    samples: ({ clusters }) =>
      clusters.flatMap((cluster) => cluster.latencies.flatMap(({ labels, latencies }) => latencies.samples(labels))),
  },
  gauge('monitor_uptime', 'Seconds in which a server was up.', ({ uptimeMs }) => uptimeMs / 1000),
  gauge('monitor_downtime', 'Seconds in which a server was down.', ({ downtimeMs }) => downtimeMs / 1000),
  gauge('monitor_risetime', 'Seconds in which a server was on its way up.', ({ riseTimeMs }) => riseTimeMs / 1000),
  gauge('monitor_falltime', 'Seconds in which a server was on its way down.', ({ fallTimeMs }) => fallTimeMs / 1000),
  gauge('monitor_status', 'How a server is: 0 down, 1 warn, 2 ok.', ({ status }) => STATUS[status]),
  gauge('monitor_rise', 'Whether a server is on its way up: 1 or 0.', ({ rising }) => (rising ? 1 : 0)),
  gauge('monitor_fall', 'Whether a server is on its way down: 1 or 0.', ({ falling }) => (falling ? 1 : 0)),
  {
    name: 'monitor_sli',
    type: 'gauge',
    help: 'The part of the time in which a server was up, of that in which it was up or down; of all of them by stat.',
    labels: ['monitor', 'stat'],
    samples: slis,
  },
];
