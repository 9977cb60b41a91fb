import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BehaviorSubject, map, type Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ServerSnapshot } from '../../lib/cluster/snapshot.ts';
import { limitDefaults } from '../../lib/config/defaults.ts';
import type { LiveTarget } from '../../lib/config/target-config.ts';
import type { Health } from '../../lib/health/health.ts';
import { type BalanceOptions, balance } from '../../lib/pool/balancer.ts';
import type { PoolServer, PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { eventually } from '../server/serving.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const refuse = (): Promise<never> => Promise.reject(new Error('it only says things'));

const health = (status: Health['status'], checks = 3): Health => ({
  status,
  rising: false,
  falling: false,
  message: '',
  checks,
  latencyMs: 1,
  since: 0,
  uptimeMs: 0,
  downtimeMs: 0,
  riseTimeMs: 0,
  fallTimeMs: 0,
});

const snapshotSince = (bind: string, since: number): ServerSnapshot => ({
  id: bind,
  name: bind,
  state: 'running',
  address: bind,
  url: `http://${bind}`,
  since,
  uptimeMs: 0,
  config: { ...limitDefaults, listen: bind, routes: [] },
  connections: 0,
  inFlight: 0,
  restarts: 0,
});

interface Said extends Partial<Pick<PoolServer, 'state' | 'health' | 'isTls' | 'disabled' | 'name'>> {
  readonly since?: number;
  readonly config?: PoolServerConfig;
}

const server = (bind: string, said: Said = {}): PoolServer => {
  const { state = 'running', since, config = { listen: bind }, ...rest } = said;
  return {
    id: bind,
    name: bind,
    bind,
    expose: 'example.com:443',
    url: 'https://example.com',
    disabled: false,
    isTls: false,
    config,
    state,
    snapshot: since === undefined ? undefined : snapshotSince(bind, since),
    health: undefined,
    error: undefined,
    detached: false,
    monitorName: bind,
    isRunning: () => state === 'running',
    uptime: () => 0,
    start: refuse,
    stop: refuse,
    restart: refuse,
    update: refuse,
    healthCheck: refuse,
    ...rest,
  };
};

const balancing = (servers: readonly PoolServer[], options?: BalanceOptions) => {
  const servers$ = new BehaviorSubject(servers);
  const proxy = balance({ servers$ }, options);
  const { targets } = proxy;
  if (typeof targets !== 'function') throw new TypeError('these are not live');
  const list = (): readonly LiveTarget[] => targets().map((one) => (typeof one === 'string' ? { url: one } : one));
  return { proxy, targets, list, urls: () => list().map(({ url }) => url), servers$ };
};

describe('the targets of a balancer', () => {
  test('are the servers that run, where they listen', () => {
    const { urls } = balancing([
      server('127.0.0.1:8001'),
      server('127.0.0.1:8002', { state: 'draining' }),
      server('127.0.0.1:8003', { state: 'starting' }),
      server('127.0.0.1:8004', { state: 'stopped' }),
      server('127.0.0.1:8005', { state: 'failed' }),
      server('127.0.0.1:8006', { disabled: true }),
      server('[::1]:8007'),
      server('app.internal:8008', { isTls: true }),
      server('unix:/run/app.sock'),
      server('unix:/run/tls.sock', { isTls: true }),
    ]);
    expect(urls()).toEqual([
      'http://127.0.0.1:8001',
      'http://[::1]:8007',
      'https://app.internal:8008',
      'unix:/run/app.sock',
    ]);
  });

  test('on all interfaces are asked on an address of the family they have', () => {
    const { urls } = balancing([server(':8001'), server('0.0.0.0:8002'), server('[::]:8003')]);
    expect(urls()).toEqual(['http://127.0.0.1:8001', 'http://127.0.0.1:8002', 'http://[::1]:8003']);
  });

  test('are those that are well, or that nobody has looked at', () => {
    const { urls } = balancing([
      server('127.0.0.1:8001', { health: health('ok') }),
      server('127.0.0.1:8002', { health: health('warn') }),
      server('127.0.0.1:8003', { health: health('down') }),
      server('127.0.0.1:8004', { health: health('down', 0) }),
      server('127.0.0.1:8005'),
    ]);
    expect(urls()).toEqual(['http://127.0.0.1:8001', 'http://127.0.0.1:8004', 'http://127.0.0.1:8005']);
  });

  test('with a warning count as well when that is wanted, and when there are no others', () => {
    const servers = [
      server('127.0.0.1:8001', { health: health('ok') }),
      server('127.0.0.1:8002', { health: health('warn') }),
      server('127.0.0.1:8003', { health: health('down') }),
    ];
    expect(balancing(servers, { warn: true }).urls()).toEqual(['http://127.0.0.1:8001', 'http://127.0.0.1:8002']);
    expect(balancing(servers.slice(1)).urls()).toEqual(['http://127.0.0.1:8002']);
    expect(balancing(servers.slice(2), { warn: true }).urls()).toEqual([]);
  });

  test('weigh what they are said to, and know when they were started', () => {
    const { list, proxy } = balancing([server('127.0.0.1:8001', { since: 7 }), server('127.0.0.1:8002')], {
      weight: ({ bind }) => (bind.endsWith('1') ? 3 : 0),
    });
    expect(proxy.balance).toBe('weighted');
    expect(list()).toEqual([
      { url: 'http://127.0.0.1:8001', weight: 3, since: 7 },
      { url: 'http://127.0.0.1:8002', weight: 0 },
    ]);
  });

  test('follow the view, and are the same array as long as they are the same', () => {
    const { targets, servers$, urls } = balancing([server('127.0.0.1:8001', { since: 1 })]);
    const before = targets();
    expect(targets()).toBe(before);
    servers$.next([server('127.0.0.1:8001', { since: 1 }), server('127.0.0.1:8002', { state: 'draining' })]);
    expect(targets()).toBe(before);
    servers$.next([server('127.0.0.1:8001', { since: 2 })]);
    expect(targets()).not.toBe(before);
    servers$.next([]);
    expect(urls()).toEqual([]);
  });

  test('are never the server that asks them', () => {
    const { proxy, servers$, urls } = balancing([]);
    const routes = [
      { path: '/health', respond: {} },
      { path: '/*', proxy: { ...proxy, strip: '/api' } },
    ];
    servers$.next([
      server('127.0.0.1:8001', { config: { listen: '127.0.0.1:8001', routes } }),
      server('127.0.0.1:8002', { config: { listen: '127.0.0.1:8002', routes: [{ path: '/*', proxy: 'http://a' }] } }),
    ]);
    expect(urls()).toEqual(['http://127.0.0.1:8002']);
  });

  test('stay who they were when a weight cannot be learnt', () => {
    let isBroken = false;
    const weight = (): number => {
      if (isBroken) throw new Error('no idea');
      return 2;
    };
    const { targets, servers$ } = balancing([server('127.0.0.1:8001')], { weight });
    expect(targets()).toHaveLength(1);
    isBroken = true;
    servers$.next([server('127.0.0.1:8001'), server('127.0.0.1:8002')]);
    expect(targets).toThrow('no idea');
    expect(targets).toThrow('no idea');
    isBroken = false;
    expect(targets()).toHaveLength(2);
  });
});

test('a view whose predicate throws is looked at again with the next request', () => {
  const servers$ = new BehaviorSubject<readonly PoolServer[]>([server('127.0.0.1:8001')]);
  let isBroken = false;
  const seen$ = servers$.pipe(
    map((servers) => {
      if (isBroken) throw new Error('no idea');
      return servers;
    }),
  );
  const { targets } = balance({ servers$: seen$ });
  if (typeof targets !== 'function') throw new TypeError('these are not live');
  expect(targets()).toHaveLength(1);
  isBroken = true;
  servers$.next([server('127.0.0.1:8001'), server('127.0.0.1:8002')]);
  expect(targets).toThrow('no idea');
  expect(targets).toThrow('no idea');
  isBroken = false;
  expect(targets()).toHaveLength(2);
});

test('a balancer is a proxy with everything that one can be told', () => {
  const { proxy, targets } = balancing([], { by: { sticky: { cookie: 'sid' } }, strip: '/api', headersTimeoutMs: 7 });
  expect(proxy).toEqual({
    targets,
    balance: { sticky: { cookie: 'sid' } },
    strip: '/api',
    headersTimeoutMs: 7,
    keepAliveTimeoutMs: 750,
  });
  expect(balancing([], { retries: 3, keepAliveTimeoutMs: 5 }).proxy).toMatchObject({
    retries: 3,
    keepAliveTimeoutMs: 5,
    balance: 'round-robin',
  });
});

test('a view is looked at from the first request on, and let go of with the config', async () => {
  const servers$ = new BehaviorSubject<readonly PoolServer[]>([server('127.0.0.1:8001')]);
  const view: { readonly servers$: Observable<readonly PoolServer[]> } = { servers$ };
  const use = (): void => {
    const { targets } = balance(view);
    expect(servers$.observed).toBe(false);
    if (typeof targets === 'function') expect(targets()).toHaveLength(1);
    expect(servers$.observed).toBe(true);
  };
  use();
  await eventually(() => {
    collect();
    return !servers$.observed;
  });
});
