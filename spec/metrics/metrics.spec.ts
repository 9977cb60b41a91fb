import { Hono } from 'hono';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../lib/metrics/metrics.ts';
import { createPool } from '../../lib/pool/create-pool.ts';
import { running, saying, until } from '../cluster/fixtures/clusters.ts';
import { eventually } from '../server/serving.ts';
import { fakeCluster, healthOf, snapshotOf } from './fake-cluster.ts';
import { readText, scrape } from './scraping.ts';

const ALL = {
  sluice_cluster_state: 'gauge',
  sluice_cluster_degraded: 'gauge',
  sluice_config_revision_desired: 'gauge',
  sluice_config_revision_applied: 'gauge',
  sluice_commits_total: 'counter',
  sluice_commit_duration_seconds: 'histogram',
  sluice_server_up: 'gauge',
  sluice_server_state: 'gauge',
  sluice_server_restarts_total: 'counter',
  sluice_server_connections: 'gauge',
  sluice_server_requests_in_flight: 'gauge',
  sluice_http_requests_total: 'counter',
  sluice_http_request_duration_seconds: 'histogram',
  sluice_http_request_body_bytes_total: 'counter',
  sluice_http_response_body_bytes_total: 'counter',
  sluice_http_requests_cut_total: 'counter',
  sluice_monitor_latency: 'histogram',
  sluice_monitor_uptime: 'gauge',
  sluice_monitor_downtime: 'gauge',
  sluice_monitor_risetime: 'gauge',
  sluice_monitor_falltime: 'gauge',
  sluice_monitor_status: 'gauge',
  sluice_monitor_rise: 'gauge',
  sluice_monitor_fall: 'gauge',
  sluice_monitor_sli: 'gauge',
  sluice_event_loop_delay_seconds: 'gauge',
  sluice_event_loop_utilization: 'gauge',
};

const committed = { status: 'committed', revision: 1, durationMs: 40, refused: [] } as const;
const plan = { changes: [], bind: [], release: [], unchanged: [] };

describe('a real cluster', () => {
  test('is scraped over HTTP, with every series of what was asked of it', async () => {
    const metrics = await createMetrics();
    const app = new Hono()
      .get('/users/:id', (c) => c.text('hello'))
      .post('/users', async (c) => c.text(await c.req.text(), 201))
      .get('/broken', () => {
        throw new Error('broken');
      });
    const { cluster } = await running({
      api: { listen: '127.0.0.1:0', app, health: { tcp: true, intervalMs: 20, riseToWarn: 1, riseToOk: 1 } },
      admin: { listen: '127.0.0.1:0', app: metrics.app },
    });
    metrics.observe(cluster);
    const { url = '' } = cluster.snapshot.servers.api ?? {};
    for (const path of ['/users/1', '/users/2', '/users/3?q=1', '/nowhere', '/broken']) {
      await (await fetch(url + path)).text();
    }
    await (await fetch(`${url}/users`, { method: 'POST', body: 'four' })).text();
    await until(cluster, ({ servers }) => servers.api?.health?.status === 'ok');
    await cluster.apply({ ...{ api: { listen: '127.0.0.1:0', app } }, bad: { listen: 'nonsense', app } });

    const answer = await fetch(`${cluster.snapshot.servers.admin?.url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { types, value, under, buckets } = readText(await answer.text());
    expect(types).toEqual(ALL);
    expect(value('sluice_server_up{server="api"}')).toBe(1);
    expect(value('sluice_server_state{server="api",state="running"}')).toBe(1);
    expect(value('sluice_server_state{server="api",state="failed"}')).toBe(0);
    expect(value('sluice_cluster_state{state="Running"}')).toBe(1);
    expect(value('sluice_commits_total{outcome="rejected"}')).toBe(1);
    expect(value('sluice_commits_total{outcome="rolledBack"}')).toBe(0);
    expect(value('sluice_commit_duration_seconds_count{outcome="rejected"}')).toBe(1);
    expect(value('sluice_config_revision_desired')).toBe(2);
    expect(value('sluice_config_revision_applied')).toBe(1);
    expect(value('sluice_server_connections{server="api"}')).toBeGreaterThan(0);
    const total = 'sluice_http_requests_total';
    expect(value(`${total}{method="GET",route="/users/:id",server="api",status_class="2xx"}`)).toBe(3);
    expect(value(`${total}{method="POST",route="/users",server="api",status_class="2xx"}`)).toBe(1);
    expect(value(`${total}{method="GET",route="unmatched",server="api",status_class="4xx"}`)).toBe(1);
    expect(value(`${total}{method="GET",route="/broken",server="api",status_class="5xx"}`)).toBe(1);
    expect(under(`${total}{`)).toHaveLength(4);
    const users = '{method="GET",route="/users/:id",server="api"}';
    expect(value(`sluice_http_request_duration_seconds_count${users}`)).toBe(3);
    expect([...buckets(`sluice_http_request_duration_seconds${users}`).keys()].join(' ')).toBe(
      '0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf',
    );
    expect(value(`sluice_http_response_body_bytes_total${users}`)).toBe(15);
    expect(value('sluice_http_request_body_bytes_total{method="POST",route="/users",server="api"}')).toBe(4);
    expect(value('sluice_http_requests_cut_total{server="api"}')).toBe(0);
    expect(value('sluice_monitor_status{monitor="api"}')).toBe(2);
    expect(value('sluice_monitor_latency_count{monitor="api"}')).toBe(1);
    expect(value('sluice_event_loop_utilization')).toBeGreaterThan(0);
    expect(value('sluice_event_loop_delay_seconds{stat="p99"}')).toBeGreaterThanOrEqual(0);
  });

  test('tells of requests that are refused, and of those whose client left', async () => {
    const metrics = await createMetrics();
    const never = (): Promise<Response> => new Promise(() => {});
    const { cluster } = await running({ api: { listen: '127.0.0.1:0', app: never, maxBodyBytes: 3 } });
    metrics.observe(cluster);
    const { url = '' } = cluster.snapshot.servers.api ?? {};
    expect((await fetch(url, { method: 'POST', body: 'four' })).status).toBe(413);
    const leaving = new AbortController();
    const left = fetch(url, { signal: leaving.signal }).catch(() => 'left');
    await until(cluster, () => true);
    await eventually(() => cluster.snapshot.servers.api?.inFlight === 1);
    expect((await scrape(metrics)).value('sluice_server_requests_in_flight{server="api"}')).toBe(1);
    leaving.abort();
    expect(await left).toBe('left');
    await eventually(() => cluster.snapshot.servers.api?.inFlight === 0);
    const { value } = await scrape(metrics);
    const total = 'sluice_http_requests_total';
    expect(value(`${total}{method="POST",route="unmatched",server="api",status_class="4xx"}`)).toBe(1);
    expect(value(`${total}{method="GET",route="*",server="api",status_class="none"}`)).toBe(1);
    expect(value('sluice_http_requests_cut_total{server="api"}')).toBe(1);
  });

  test('forgets a server that no config has any more, and counts from zero when it comes back', async () => {
    const metrics = await createMetrics();
    const { cluster } = await running({ a: saying('a'), b: saying('b') });
    metrics.observe(cluster);
    for (const id of ['a', 'b']) await (await fetch(cluster.snapshot.servers[id]?.url ?? '')).text();
    const series = '{method="GET",route="*",server="b",status_class="2xx"}';
    expect((await scrape(metrics)).value(`sluice_http_requests_total${series}`)).toBe(1);
    await cluster.apply({ a: saying('a') });
    await until(cluster, ({ draining }) => draining.length === 0);
    const without = await scrape(metrics);
    expect([...without.values.keys()].filter((key) => key.includes('"b"'))).toEqual([]);
    expect(without.value(`sluice_http_requests_total${series.replace('"b"', '"a"')}`)).toBe(1);
    await cluster.apply({ a: saying('a'), b: saying('b') });
    await (await fetch(cluster.snapshot.servers.b?.url ?? '')).text();
    expect((await scrape(metrics)).value(`sluice_http_requests_total${series}`)).toBe(1);
  });

  test('of a pool is measured through the pool, and what is neither is refused', async () => {
    const metrics = await createMetrics();
    await using pool = createPool({}, { name: 'api', listen: '127.0.0.1:0', app: () => new Response('hello') });
    metrics.observe(pool);
    await pool.start();
    expect((await scrape(metrics)).value('sluice_server_up{server="api"}')).toBe(1);
    expect(() => metrics.observe(pool.cluster)).toThrow(expect.objectContaining({ code: 'ERR_METRICS_CLUSTER' }));
    // Callers without types can pass anything.
    const observeAny = metrics.observe as (given: unknown, options: { readonly label: string }) => unknown;
    for (const given of [undefined, null, 'api', {}, { cluster: {} }, { cluster: null }]) {
      const refused = expect.objectContaining({ code: 'ERR_OPTIONS', option: 'cluster' });
      expect(() => observeAny(given, { label: 'other' })).toThrow(refused);
    }
  });

  test('is measured through a stop and another start, until somebody says enough', async () => {
    const metrics = await createMetrics();
    const { cluster } = await running({ a: saying('a') });
    const observed = metrics.observe(cluster);
    await cluster.stop();
    expect((await scrape(metrics)).value('sluice_cluster_state{state="Stopped"}')).toBe(1);
    expect((await scrape(metrics)).value('sluice_server_up{server="a"}')).toBe(0);
    await cluster.start();
    await (await fetch(cluster.snapshot.servers.a?.url ?? '')).text();
    await cluster.apply({ a: saying('other') });
    const before = await scrape(metrics);
    expect(before.value('sluice_commits_total{outcome="committed"}')).toBe(1);
    expect(before.under('sluice_http_requests_total')).toHaveLength(1);
    observed.unsubscribe();
    observed.unsubscribe();
    const { values } = await scrape(metrics);
    expect([...values.keys()]).toEqual([]);
  });
});

describe('labels', () => {
  test('are bounded whatever clients ask for', async () => {
    const metrics = await createMetrics({ maxRoutes: 3 });
    const cluster = fakeCluster({ api: {} });
    metrics.observe(cluster);
    for (let n = 0; n < 500; n += 1) {
      cluster.answer({ route: undefined, path: `/${n}`, method: `X${n}`, status: 404 });
      cluster.answer({ route: `/made/${n}`, status: 200 + n });
    }
    const { under, value } = await scrape(metrics);
    const routes = new Set(under('sluice_http_requests_total').map((key) => /route="([^"]*)"/.exec(key)?.[1]));
    expect([...routes].sort()).toEqual(['/made/0', '/made/1', '/made/2', 'other', 'unmatched']);
    const refused = '{method="_OTHER",route="unmatched",server="api",status_class="4xx"}';
    expect(value(`sluice_http_requests_total${refused}`)).toBe(500);
    const classes = new Set(under('sluice_http_requests_total').map((key) => /status_class="([^"]*)"/.exec(key)?.[1]));
    expect([...classes].sort()).toEqual(['2xx', '3xx', '4xx', '5xx']);
  });

  test('are bounded on real connections that say what they like', async () => {
    const metrics = await createMetrics();
    const app = new Hono().all('/items/:id', (c) => c.text('item'));
    const { cluster } = await running({ api: { listen: '127.0.0.1:0', app } });
    metrics.observe(cluster);
    const { url = '' } = cluster.snapshot.servers.api ?? {};
    for (let n = 0; n < 30; n += 1) {
      await (await fetch(`${url}/items/${n}%22%0a`, { method: n % 2 === 0 ? 'PROPFIND' : 'GET' })).text();
      await (await fetch(`${url}/items/${n}"}x{`)).text();
      await (await fetch(`${url}/${n}`)).text();
    }
    const { under } = await scrape(metrics);
    expect([...under('sluice_http_requests_total')].sort()).toEqual([
      'sluice_http_requests_total{method="GET",route="/items/:id",server="api",status_class="2xx"}',
      'sluice_http_requests_total{method="GET",route="unmatched",server="api",status_class="4xx"}',
      'sluice_http_requests_total{method="_OTHER",route="unmatched",server="api",status_class="4xx"}',
    ]);
  });

  test('tell clusters apart that were given one, and two without one are refused', async () => {
    const metrics = await createMetrics();
    const [one, two, three] = [fakeCluster({ api: {} }), fakeCluster({ api: {} }), fakeCluster({ api: {} })];
    metrics.observe(one);
    const labelled = metrics.observe(two, { label: 'two' });
    expect(() => metrics.observe(three)).toThrow(
      expect.objectContaining({ code: 'ERR_METRICS_CLUSTER', label: undefined }),
    );
    expect(() => metrics.observe(three, { label: 'two' })).toThrow(/with the label two/);
    expect(three.watchers).toBe(0);
    expect((await scrape(metrics)).under('sluice_server_up')).toEqual([
      'sluice_server_up{server="api"}',
      'sluice_server_up{cluster="two",server="api"}',
    ]);
    labelled.unsubscribe();
    metrics.observe(three, { label: 'two' });
    expect(two.watchers).toBe(0);
    expect(three.watchers).toBe(1);
  });

  test('of ids that are anything are written so that they can be read', async () => {
    const metrics = await createMetrics();
    const cluster = fakeCluster({ 'a"b\\c\nd': {}, __proto__: {} });
    metrics.observe(cluster);
    const text = await metrics.registry.metrics();
    expect(text).toContain('sluice_server_up{server="a\\"b\\\\c\\nd"} 1');
  });
});

describe('health', () => {
  test('has its series under the names that monitors have', async () => {
    const metrics = await createMetrics();
    const health = healthOf({
      status: 'warn',
      rising: true,
      latencyMs: 250,
      uptimeMs: 30_000,
      downtimeMs: 10_000,
      riseTimeMs: 2_000,
      fallTimeMs: 1_000,
    });
    const cluster = fakeCluster({ api: { health }, plain: {} });
    metrics.observe(cluster);
    const { value, under, buckets } = await scrape(metrics);
    expect(under('sluice_monitor_').map((key) => `${key} ${value(key)}`)).toEqual([
      'sluice_monitor_latency_sum{monitor="api"} 0.25',
      'sluice_monitor_latency_count{monitor="api"} 1',
      'sluice_monitor_uptime{monitor="api"} 30',
      'sluice_monitor_downtime{monitor="api"} 10',
      'sluice_monitor_risetime{monitor="api"} 2',
      'sluice_monitor_falltime{monitor="api"} 1',
      'sluice_monitor_status{monitor="api"} 1',
      'sluice_monitor_rise{monitor="api"} 1',
      'sluice_monitor_fall{monitor="api"} 0',
      'sluice_monitor_sli{monitor="api"} 0.75',
      'sluice_monitor_sli{stat="mean"} 0.75',
      'sluice_monitor_sli{stat="min"} 0.75',
      'sluice_monitor_sli{stat="max"} 0.75',
    ]);
    expect([...buckets('sluice_monitor_latency{monitor="api"}').keys()].join(' ')).toBe(
      '0 0.05 0.1 0.2 0.3 0.4 0.5 0.75 1 1.5 2 2.5 3 4 5 10 +Inf',
    );
  });

  test('has a service level only where there is one, and never one that is not a number', async () => {
    const metrics = await createMetrics();
    const cluster = fakeCluster({
      good: { health: healthOf({ uptimeMs: 9, downtimeMs: 1 }) },
      bad: { health: healthOf({ uptimeMs: 1, downtimeMs: 9 }) },
      fresh: { health: healthOf({ checks: 0 }) },
    });
    metrics.observe(cluster);
    const first = await scrape(metrics);
    expect(first.under('sluice_monitor_sli').map((key) => `${key} ${first.value(key)}`)).toEqual([
      'sluice_monitor_sli{monitor="good"} 0.9',
      'sluice_monitor_sli{monitor="bad"} 0.1',
      'sluice_monitor_sli{stat="mean"} 0.5',
      'sluice_monitor_sli{stat="min"} 0.1',
      'sluice_monitor_sli{stat="max"} 0.9',
    ]);
    cluster.snapshot = snapshotOf({ fresh: { health: healthOf({ checks: 0 }) } });
    expect((await scrape(metrics)).under('sluice_monitor_sli')).toEqual([]);
  });

  test('takes a latency down once for each scrape that a check came before', async () => {
    const metrics = await createMetrics();
    const cluster = fakeCluster({ api: { health: healthOf({ checks: 3, latencyMs: 20 }) } });
    metrics.observe(cluster);
    await scrape(metrics);
    expect((await scrape(metrics)).value('sluice_monitor_latency_count{monitor="api"}')).toBe(1);
    cluster.snapshot = snapshotOf({ api: { health: healthOf({ checks: 9, latencyMs: 30 }) } });
    expect((await scrape(metrics)).value('sluice_monitor_latency_sum{monitor="api"}')).toBeCloseTo(0.05);
  });
});

describe('commits', () => {
  test('are counted by outcome, each outcome from zero on', async () => {
    const metrics = await createMetrics();
    const cluster = fakeCluster({});
    metrics.observe(cluster);
    cluster.settle({ ...committed, plan });
    cluster.settle({ status: 'superseded', revision: 2, durationMs: 4 });
    const { value, under, buckets } = await scrape(metrics);
    expect(under('sluice_commits_total').map((key) => value(key))).toEqual([1, 0, 0, 0, 1, 0]);
    expect(Object.fromEntries(buckets('sluice_commit_duration_seconds{outcome="committed"}'))).toMatchObject({
      '0.025': 0,
      '0.05': 1,
      '+Inf': 1,
    });
  });

  test('forget servers that are gone, though nobody scrapes', async () => {
    const metrics = await createMetrics();
    const cluster = fakeCluster({ api: {} });
    metrics.observe(cluster);
    cluster.answer({});
    cluster.snapshot = snapshotOf({}, { draining: [{ server: 'api', address: '', connections: 1, since: 0 }] });
    cluster.settle({ ...committed, plan });
    expect((await scrape(metrics)).under('sluice_http_requests_total')).toHaveLength(1);
    cluster.snapshot = snapshotOf({});
    cluster.settle({ ...committed, plan });
    cluster.snapshot = snapshotOf({ api: {} });
    expect((await scrape(metrics)).under('sluice_http_requests_total')).toEqual([]);
  });
});

describe('the registry', () => {
  test('may be given, with names of its own', async () => {
    const registry = new Registry();
    const metrics = await createMetrics({ registry, prefix: 'edge_' });
    metrics.observe(fakeCluster({ api: {} }));
    expect(metrics.registry).toBe(registry);
    const { value, names } = await scrape(metrics);
    expect(value('edge_server_up{server="api"}')).toBe(1);
    expect(names.every((name) => name.startsWith('edge_'))).toBe(true);
    await expect(createMetrics({ registry, prefix: 'edge_' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS', option: 'prefix' }),
    );
    await createMetrics({ registry, prefix: 'core_' });
  });

  test('can be read as objects, with labels that everything has', async () => {
    const registry = new Registry();
    const metrics = await createMetrics({ registry });
    registry.setDefaultLabels({ node: 'n1' });
    const cluster = fakeCluster({ api: {} });
    metrics.observe(cluster);
    cluster.answer({ durationMs: 20 });
    const objects = await registry.getMetricsAsJSON();
    const up = objects.find(({ name }) => name === 'sluice_server_up');
    expect(up?.values).toEqual([{ labels: { server: 'api', node: 'n1' }, value: 1 }]);
    const durations = objects.find(({ name }) => name === 'sluice_http_request_duration_seconds');
    expect(durations?.values).toContainEqual(
      expect.objectContaining({
        labels: { server: 'api', route: '/', method: 'GET', le: '0.025', node: 'n1' },
        value: 1,
      }),
    );
    expect(await metrics.registry.metrics()).toContain('sluice_server_up{node="n1",server="api"} 1');
  });

  test('has what prom-client knows of the process when it is asked for', async () => {
    const metrics = await createMetrics({ process: true });
    expect((await scrape(metrics)).names).toContain('process_cpu_user_seconds_total');
    expect((await scrape(await createMetrics())).names).not.toContain('process_cpu_user_seconds_total');
  });

  test('has that once: a registry that has it already is left as it was', async () => {
    const registry = new Registry();
    await createMetrics({ registry, process: true });
    const before = registry.getMetricsAsArray().length;
    const refusal = expect.objectContaining({ code: 'ERR_OPTIONS', option: 'process' });
    await expect(createMetrics({ registry, process: true, prefix: 'other_' })).rejects.toThrow(refusal);
    expect(registry.getMetricsAsArray()).toHaveLength(before);
    await createMetrics({ registry, prefix: 'other_' });
  });

  test('is refused a label that is empty: nobody could tell it from none', async () => {
    const metrics = await createMetrics();
    const refusal = expect.objectContaining({ code: 'ERR_OPTIONS', option: 'label' });
    expect(() => metrics.observe(fakeCluster({}), { label: '' })).toThrow(refusal);
  });

  test('is refused options that nothing can work with', async () => {
    const refused = [{ prefix: '1x' }, { prefix: 'a b' }, { maxRoutes: 0 }, { maxRoutes: 1.5 }];
    for (const options of refused) {
      await expect(createMetrics(options)).rejects.toThrow(expect.objectContaining({ code: 'ERR_OPTIONS' }));
    }
    const registry = Object.assign(new Registry(), { metrics: 'none' });
    await expect(createMetrics({ registry })).rejects.toThrow('registry must be a registry of prom-client');
    await createMetrics({ prefix: '' });
  });
});

test('an option that there is not is refused', async () => {
  await expect(createMetrics({ prefx: 'a_' } as never)).rejects.toThrow('prefx is no option; did you mean prefix?');
});
