import { expect, test } from 'vitest';
import { ask } from '../cluster/fixtures/asking.ts';
import { saying } from '../cluster/fixtures/clusters.ts';
import { readText } from '../metrics/scraping.ts';
import { startProgram } from '../workers/program.ts';
import { addressIn, workerRig } from './rig.ts';

test('workers measure nothing unless they are asked to', async () => {
  const { cluster, fake } = workerRig();
  await cluster.start();
  expect(fake.measured).toEqual([]);
});

test.each([
  [true, {}],
  [
    { prefix: 'my_', maxRoutes: 5, process: true },
    { prefix: 'my_', maxRoutes: 5, process: true },
  ],
])('with metrics %o every worker measures what it serves', async (metrics, options) => {
  const { cluster, fake } = workerRig({ metrics });
  await cluster.start();
  expect(fake.measured).toEqual([0, 1].map((slot) => ({ slot, options })));
});

test('a worker that cannot be measured says why, and serves', async () => {
  const { cluster, journal } = workerRig({ metrics: true }, (fake) => {
    fake.measure = async (log) => log.error('this worker is not measured', new Error('prom-client is missing'));
  });
  await cluster.start();
  await cluster.apply({ a: saying('a') });
  expect(await ask(addressIn(cluster, 'a'))).toBe('a');
  expect(journal.lines.filter((line) => line.includes('is not measured'))).toHaveLength(2);
});

test.each([
  [{ prefix: '1' }, 'prefix'],
  [{ maxRoutes: 0 }, 'maxRoutes'],
  [{ registry: {} }, 'registry'],
  ['yes', 'options'],
])('metrics that nothing can work with are refused before anything is started: %o', (metrics, option) => {
  expect(() => workerRig({ metrics: metrics as never })).toThrow(
    expect.objectContaining({ code: 'ERR_OPTIONS', option }),
  );
});

test('everything that real workers serve is scraped in the primary, over kills and a restart', async () => {
  const program = startProgram('measured-cluster.mjs');
  const { before, after } = await program.hear('scraped');
  const [first, last] = [readText(String(before)), readText(String(after))];
  const served = 'sluice_http_requests_total{method="GET",route="/",server="a",status_class="2xx"}';
  expect(first.value(served)).toBe(20);
  expect(first.value('sluice_http_request_duration_seconds_count{method="GET",route="/",server="a"}')).toBe(20);
  expect(last.value(served)).toBe(40);
  expect([0, 1].map((worker) => last.value(`sluice_server_up{server="a",worker="${worker}"}`))).toEqual([1, 1]);
  expect([0, 1].map((worker) => last.value(`sluice_worker_restarts_total{worker="${worker}"}`))).toEqual([2, 1]);
  // Of the whole, which no worker is.
  for (const name of ['commits_total', 'commit_duration_seconds', 'config_revision_applied', 'cluster_state'])
    expect(String(after)).not.toContain(`sluice_${name}`);
  expect(last.value('sluice_server_connections{server="a"}')).toBeGreaterThanOrEqual(0);
  expect(await program.ended).toBe(0);
}, 30_000);
