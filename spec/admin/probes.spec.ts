import { describe, expect, test } from 'vitest';
import { probes } from '../../lib/admin/probes.ts';
import type { Cluster } from '../../lib/cluster/cluster.ts';
import { readiness } from '../../lib/cluster/readiness.ts';
import type { HealthGroup } from '../../lib/health/combine.ts';
import { addressOf, eventually, rig, running, saying, until } from '../cluster/fixtures/clusters.ts';
import { keepOpen } from '../cluster/fixtures/kept.ts';

const asked = async (cluster: Cluster, path: string, method = 'GET') => {
  const response = await probes(cluster).request(path, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
};

describe('probes', () => {
  test('live as long as the process answers, and are ready while the cluster is', async () => {
    const { cluster } = rig();
    const statuses = async () =>
      Promise.all(['/livez', '/readyz', '/healthz'].map(async (path) => (await asked(cluster, path)).status));
    expect(await statuses()).toEqual([200, 503, 503]);
    await cluster.start();
    expect(await statuses()).toEqual([200, 200, 200]);
    await cluster.stop();
    expect(await statuses()).toEqual([200, 503, 503]);
  });

  test('say little to strangers, and everything to whoever asks for it', async () => {
    const { cluster } = await running({
      a: saying('a'),
      b: saying('b', '127.0.0.1:0', { health: { intervalMs: 10, check: () => false } }),
    });
    await until(cluster, ({ degraded }) => degraded);
    expect(await asked(cluster, '/readyz')).toMatchObject({ status: 503, text: '{"status":"down"}' });
    expect(JSON.parse((await asked(cluster, '/readyz?verbose')).text)).toEqual({
      ready: false,
      status: 'down',
      reasons: [{ server: 'b', status: 'down', message: 'the check answered false' }],
      state: 'Running',
      servers: [
        { id: 'a', state: 'running' },
        {
          id: 'b',
          state: 'running',
          health: { status: 'down', message: 'the check answered false', latencyMs: expect.any(Number) },
        },
      ],
    });
    expect((await asked(cluster, '/readyz?verbose=0')).text).toBe('{"status":"down"}');
    expect(await asked(cluster, '/livez?verbose')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  });

  test('follow their rules', async () => {
    const { cluster } = await running({ a: saying('a') });
    const app = probes(cluster, { rules: [{ mode: 'must', servers: ['a', 'b'] }] });
    expect((await app.request('/readyz')).status).toBe(503);
    await cluster.apply({ a: saying('a'), b: saying('b') });
    expect((await app.request('/readyz')).status).toBe(200);
  });

  test('are never stored, may be asked for the head alone, and for nothing else', async () => {
    const { cluster } = await running({ a: saying('a') });
    for (const path of ['/livez', '/readyz', '/healthz']) {
      const { headers } = await asked(cluster, path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-type')).toBe('application/json');
      expect(await asked(cluster, path, 'HEAD')).toMatchObject({ status: 200, text: '' });
      const refused = await asked(cluster, path, 'POST');
      expect(refused.status).toBe(405);
      expect(refused.headers.get('allow')).toBe('GET, HEAD');
    }
    expect((await asked(cluster, '/')).status).toBe(404);
  });
});

/** A cluster whose server `ops` answers probes of that same cluster, beside one whose answer is waited for. */
const probed = async (dependsOn: readonly string[]) => {
  let answer: (response: Response) => void = () => {};
  const { cluster } = rig();
  await cluster.start();
  const app = () =>
    new Promise<Response>((resolve) => {
      answer = resolve;
    });
  const outcome = await cluster.apply({
    ops: { listen: '127.0.0.1:0', app: probes(cluster) },
    api: { listen: '127.0.0.1:0', app, dependsOn },
  });
  expect(outcome.status).toBe('committed');
  const pending = fetch(`http://${addressOf(cluster, 'api')}`);
  await eventually(() => cluster.snapshot.servers.api?.inFlight === 1);
  return { cluster, pending, answer: () => answer(new Response('done')) };
};

describe('probes on a server of the same cluster', () => {
  test('say on connections that exist that it is stopping, and end them with that', async () => {
    const { cluster, pending, answer } = await probed([]);
    const kept = await keepOpen(addressOf(cluster, 'ops'));
    expect(await kept.ask('/readyz')).toBe('{"status":"ok"}');
    const stopped = cluster.stop();
    expect(await kept.ask('/readyz')).toBe('{"status":"down"}');
    expect(kept.told).toBe(true);
    answer();
    expect(await (await pending).text()).toBe('done');
    await stopped;
  });

  test('answer new connections until those have stopped that depend on it', async () => {
    const { cluster, pending, answer } = await probed(['ops']);
    const url = `http://${addressOf(cluster, 'ops')}`;
    const stopped = cluster.stop();
    await until(cluster, ({ servers }) => servers.api?.state === 'draining');
    for (let n = 0; n < 5; n += 1) {
      const response = await fetch(`${url}/readyz`, { headers: { connection: 'close' } });
      expect(response.status).toBe(503);
      expect((await fetch(`${url}/livez`, { headers: { connection: 'close' } })).status).toBe(200);
    }
    expect(cluster.snapshot.servers.ops?.state).toBe('running');
    answer();
    expect(await (await pending).text()).toBe('done');
    await stopped;
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });
});

test('rules that cannot be followed are refused when the app is made, not with each probe', () => {
  const rules: readonly HealthGroup[] = JSON.parse('[{ "mode": "most", "servers": ["a"] }]');
  const { cluster } = rig();
  const refusal = expect.objectContaining({ code: 'ERR_OPTIONS' });
  expect(() => probes(cluster, { rules })).toThrow(refusal);
  expect(() => readiness(cluster, rules)).toThrow(refusal);
});

test('options that there are not are refused with what was probably meant', () => {
  expect(() => probes(rig().cluster, JSON.parse('{ "ruls": [] }'))).toThrow('ruls is no option; did you mean rules?');
});
