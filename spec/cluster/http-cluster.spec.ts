import { concat, defer, from, NEVER, of, Subject, Subscription, take, throwError } from 'rxjs';
import { expect, test } from 'vitest';
import { httpCluster } from '../../lib/cluster/http-cluster.ts';
import type { ClusterOptions } from '../../lib/cluster/options.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { accepts, ask } from './fixtures/asking.ts';
import { eventually, saying } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';
import { createSockets, listening } from './fixtures/sockets.ts';

const operate = (options: ClusterOptions = {}) => {
  const sockets = createSockets();
  return { sockets, operator: httpCluster({ listeners: sockets.listeners, logger: createJournal(), ...options }) };
};

test('nothing happens before it is subscribed to; every subscription is a cluster of its own', async () => {
  const { sockets, operator } = operate();
  const snapshots$ = concat(of<ClusterConfig>({ a: saying('a') }), NEVER).pipe(operator);
  expect(sockets.attempts).toEqual([]);
  const subscriptions = [snapshots$.subscribe(), snapshots$.subscribe()];
  await eventually(() => sockets.open.length === 2);
  for (const subscription of subscriptions) subscription.unsubscribe();
  expect(sockets.open).toEqual([]);
});

test('configs go in, snapshots come out', async () => {
  const { operator } = operate();
  const source = new Subject<ClusterConfig>();
  const heard: ClusterSnapshot[] = [];
  const subscription = source.pipe(operator).subscribe((snapshot) => heard.push(snapshot));
  expect(heard).toMatchObject([{ state: 'New' }]);
  source.next({ a: saying('a') });
  await eventually(() => heard.at(-1)?.revision.applied === 1);
  expect(await ask(heard.at(-1)?.servers.a?.address ?? '')).toBe('a');
  source.next(Object.assign({ a: 5 }));
  await eventually(() => heard.at(-1)?.revision.desired === 2);
  expect(heard.at(-1)).toMatchObject({ state: 'Running', issues: [{ server: 'a' }] });
  subscription.unsubscribe();
});

test('unsubscribing frees every address in the same turn and cuts every connection', async () => {
  const before = await listening();
  const { sockets, operator } = operate();
  let address = '';
  const hanging = { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) };
  const subscription = concat(of<ClusterConfig>({ a: hanging, b: saying('b') }), NEVER)
    .pipe(operator)
    .subscribe(({ servers }) => {
      address = servers.a?.address ?? '';
    });
  await eventually(() => sockets.open.length === 2 && address !== '');
  const asked = ask(address);
  await eventually(() => sockets.open.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  subscription.unsubscribe();
  expect(sockets.open).toEqual([]);
  expect(await accepts(address)).toBe(false);
  expect(await asked).toMatch(/^no answer/);
  expect(await listening()).toBe(before);
});

test('unsubscribing while addresses are being bound leaves none behind', async () => {
  const before = await listening();
  const { sockets, operator } = operate();
  const config = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, saying('x')]));
  const subscription = concat(of<ClusterConfig>(config), NEVER).pipe(operator).subscribe();
  await eventually(() => sockets.attempts.length > 0);
  subscription.unsubscribe();
  const begun = sockets.attempts.length;
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(sockets.open).toEqual([]);
  expect(sockets.attempts).toHaveLength(begun);
  expect(await listening()).toBe(before);
});

test('unsubscribing from inside a bind ends with that bind', async () => {
  const before = await listening();
  const { sockets, operator } = operate();
  const config = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, saying('x')]));
  const subscription = new Subscription();
  // In the middle of the second portion.
  sockets.fault((_, attempt) => {
    if (attempt === 30) subscription.unsubscribe();
    return 'none';
  });
  subscription.add(concat(of<ClusterConfig>(config), NEVER).pipe(operator).subscribe());
  await eventually(() => subscription.closed);
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(sockets.attempts).toHaveLength(30);
  expect(sockets.open).toEqual([]);
  expect(await listening()).toBe(before);
});

test('taking only the first snapshot starts nothing', async () => {
  const { sockets, operator } = operate();
  let subscribed = 0;
  const heard: ClusterSnapshot[] = [];
  defer(() => {
    subscribed += 1;
    return of<ClusterConfig>({ a: saying('a') });
  })
    .pipe(operator, take(1))
    .subscribe((snapshot) => heard.push(snapshot));
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toMatchObject([{ state: 'New' }]);
  expect(sockets.attempts).toEqual([]);
  expect(subscribed).toBe(0);
});

test('the end of the source leaves the servers; with stopOnComplete they drain and the result completes', async () => {
  const staying = operate();
  const stays = of<ClusterConfig>({ a: saying('a') })
    .pipe(staying.operator)
    .subscribe();
  await eventually(() => staying.sockets.open.length === 1);
  expect(stays.closed).toBe(false);
  stays.unsubscribe();

  const going = operate({ stopOnComplete: true });
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    of<ClusterConfig>({ a: saying('a') })
      .pipe(going.operator)
      .subscribe({ next: ({ state }) => heard.push(state), complete: resolve });
  });
  expect(heard.at(-1)).toBe('Stopped');
  expect(heard).toContain('Stopping');
  expect(going.sockets.open).toEqual([]);
});

test('an error of the source is told in a snapshot and not as an error', async () => {
  const { operator } = operate();
  const heard: ClusterSnapshot[] = [];
  let failed = false;
  const subscription = concat(
    of<ClusterConfig>({ a: saying('a') }),
    throwError(() => new Error('no more')),
  )
    .pipe(operator)
    .subscribe({
      next: (snapshot) => heard.push(snapshot),
      error: () => {
        failed = true;
      },
    });
  await eventually(() => heard.at(-1)?.revision.applied === 1);
  expect(heard.at(-1)).toMatchObject({ source: 'failed', state: 'Running' });
  expect(failed).toBe(false);
  subscription.unsubscribe();
});

test('unsubscribing during a graceful stop is still the axe, and leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const controller = new AbortController();
  const { sockets, operator } = operate({ signal: controller.signal });
  let latest: ClusterSnapshot | undefined;
  const hanging = { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}) };
  const subscription = concat(of<ClusterConfig>({ a: hanging }), NEVER)
    .pipe(operator)
    .subscribe((snapshot) => {
      latest = snapshot;
    });
  await eventually(() => latest?.servers.a?.state === 'running');
  const asked = ask(latest?.servers.a?.address ?? '');
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await eventually(() => latest?.state === 'Stopping');
  subscription.unsubscribe();
  expect(sockets.open).toEqual([]);
  expect(await asked).toMatch(/^no answer/);
  await eventually(() => timers() <= before);
});

test('a cluster that ends with its source while it is being unsubscribed ends once', async () => {
  const { sockets, operator } = operate({ stopOnComplete: true });
  sockets.fault(() => 'hang');
  const subscription = from([{ a: saying('a') }])
    .pipe(operator)
    .subscribe();
  await eventually(() => sockets.attempts.length === 1);
  subscription.unsubscribe();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sockets.open).toEqual([]);
});
