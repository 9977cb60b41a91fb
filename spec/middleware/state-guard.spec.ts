import { Hono } from 'hono';
import { BehaviorSubject, NEVER, startWith } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { StateGuardConfig } from '../../lib/config/middleware-config.ts';
import { stateGuard } from '../../lib/middleware/state-guard.ts';

const guarded = (state: string, config?: StateGuardConfig): Hono => {
  const app = new Hono();
  app.use(stateGuard(() => state, config));
  return app.get('*', (c) => c.text('hello'));
};

describe('a guard', () => {
  test.each(['Running', 'Reloading'])('lets everything through while the cluster is %s', async (state) => {
    expect((await guarded(state).request('/')).status).toBe(200);
  });

  test.each(['New', 'Booting', 'Stopping', 'Stopped', 'Error'])(
    'answers 503 while the cluster is %s, and says when to come again',
    async (state) => {
      const response = await guarded(state).request('/');
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.text()).toBe('Service Unavailable');
    },
  );

  test('lets probes through in every state', async () => {
    const app = guarded('Stopping', { allow: ['/livez', '/probes/*'] });
    const statuses = ['/livez', '/livez/', '/livezz', '/probes/a', '/probes'].map(async (path) => {
      const response = await app.request(path);
      return response.status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 503, 503, 200, 503]);
  });

  test('may be told which states are good, and when clients may come again', async () => {
    const strict = { states: ['Running'], retryAfterMs: 2_500 };
    const response = await guarded('Reloading', strict).request('/');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
  });

  test('follows the states of a cluster', async () => {
    const state$ = new BehaviorSubject('New');
    const app = new Hono();
    app.use(stateGuard({ state$ }));
    app.get('/', (c) => c.text('hello'));
    const status = async (): Promise<number> => (await app.request('/')).status;
    expect(await status()).toBe(503);
    state$.next('Running');
    expect(await status()).toBe(200);
    state$.next('Stopping');
    expect(await status()).toBe(503);
  });

  test('costs a cluster one subscription, however often its config is written anew', () => {
    let subscriptions = 0;
    const state$ = NEVER.pipe(startWith('Running'));
    const subscribe = state$.subscribe.bind(state$);
    const cluster = {
      state$: Object.assign(state$, {
        subscribe: (...given: Parameters<typeof subscribe>) => {
          subscriptions += 1;
          return subscribe(...given);
        },
      }),
    };
    for (let round = 0; round < 10; round++) stateGuard(cluster);
    expect(subscriptions).toBe(1);
  });
});
