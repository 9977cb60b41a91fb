import { filter, firstValueFrom, map, skip, take, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import type { HealthConfig, Probe } from '../../lib/config/health-config.ts';
import { healthSettingsOf } from '../../lib/config/health-settings.ts';
import { checkOf } from '../../lib/health/check.ts';
import { monitor } from '../../lib/health/monitor.ts';
import { type Answer, httpTarget, nowhere, run, socketPath, tcpTarget } from './target.ts';

const watch = (health: HealthConfig, address: Address, encrypted = false) => {
  const settings = healthSettingsOf({ intervalMs: 10, ...health });
  return monitor(checkOf(settings, { server: 'api', address, encrypted }), settings);
};

const hello: Answer = (_, response) => {
  response.end('hello');
};

test('by default something has to listen', async () => {
  const target = await tcpTarget();
  const statuses = watch({}, target.address).pipe(
    map(({ status }) => status),
    take(3),
    toArray(),
  );
  expect(await firstValueFrom(statuses)).toEqual(['down', 'warn', 'ok']);
  const state = await firstValueFrom(watch({}, await nowhere()).pipe(skip(1)));
  expect(state).toMatchObject({ status: 'down', checks: 1, error: { code: 'ERR_HEALTH_REFUSED' } });
});

test('a server is followed down and up again', async () => {
  let code = 200;
  const target = await httpTarget((_, response) => {
    response.writeHead(code).end();
  });
  const seen: string[] = [];
  const over = firstValueFrom(
    watch({ http: '/' }, target.address).pipe(
      filter(({ status }) => {
        if (seen.at(-1) !== status) seen.push(status);
        if (status === 'ok') code = 503;
        if (status === 'down' && seen.length > 1) code = 200;
        return status === 'ok' && seen.length > 3;
      }),
    ),
  );
  await over;
  expect(seen).toEqual(['down', 'warn', 'ok', 'warn', 'down', 'warn', 'ok']);
  await target.deserted();
});

test('a server that does not answer in time is down', async () => {
  const target = await httpTarget(() => {});
  const state = await firstValueFrom(watch({ http: '/', timeoutMs: 20 }, target.address).pipe(skip(1)));
  expect(state).toMatchObject({ status: 'down', message: 'no answer within 20 ms' });
  await target.deserted();
});

test('nobody is connected once a monitor has been left in the middle of a check', async () => {
  const target = await httpTarget(() => {});
  const subscription = watch({ http: '/' }, target.address).subscribe();
  await expect.poll(target.accepted).toBe(1);
  subscription.unsubscribe();
  await target.deserted();
});

test.each<[string, Address, boolean, Omit<Probe, 'signal'>]>([
  [
    'its address',
    { kind: 'tcp', host: '127.0.0.1', port: 81 },
    false,
    { server: 'api', address: '127.0.0.1:81', url: 'http://127.0.0.1:81' },
  ],
  [
    'all interfaces',
    { kind: 'tcp', host: '', port: 81 },
    true,
    { server: 'api', address: ':81', url: 'https://localhost:81' },
  ],
  [
    'a socket',
    { kind: 'unix', path: '/run/x.sock' },
    false,
    { server: 'api', address: '/run/x.sock', url: 'unix:/run/x.sock' },
  ],
])('an own check is told whom it is about: %s', async (_, address, encrypted, told) => {
  const probes: Probe[] = [];
  const settings = healthSettingsOf({ check: (probe) => probes.push(probe) });
  await run(checkOf(settings, { server: 'api', address, encrypted }));
  expect(probes).toHaveLength(1);
  expect(probes[0]).toMatchObject(told);
  expect(probes[0]?.signal).toBeInstanceOf(AbortSignal);
});

test('an own check that reads nothing of an answer leaves no connection behind', async () => {
  const target = await httpTarget((_, response) => {
    response.write('the first of many words');
  });
  const check = async ({ url, signal }: Probe): Promise<boolean> => (await fetch(url, { signal })).ok;
  const state = await firstValueFrom(watch({ check }, target.address).pipe(skip(1)));
  expect(state).toMatchObject({ status: 'warn', rising: true });
  await target.deserted();
});

test('an answer that was read whole is well, over TCP and over a socket', async () => {
  for (const where of [{ host: '127.0.0.1' }, { path: socketPath() }]) {
    const target = await httpTarget(hello, where);
    const state = await firstValueFrom(watch({ http: { path: '/', body: 'hello' } }, target.address).pipe(skip(1)));
    expect(state).toMatchObject({ rising: true, message: '' });
    expect(state.latencyMs).toBeGreaterThan(0);
  }
});
