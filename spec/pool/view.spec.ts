import { test } from 'vitest';
import type { PoolChange, PoolServer } from '../../lib/pool/pool-server.ts';
import { restrictChanges, restrictServers } from '../../lib/pool/view.ts';
import { marbles } from '../reactive/marbles.ts';
import { fakeServer } from './fake-source.ts';

const isApi = ({ name }: PoolServer): boolean => name.startsWith('api');

const api = fakeServer('api-1', ':1');
const other = fakeServer('web', ':2');
const late = fakeServer('api-2', ':3');

test('the servers of a view follow those of the pool, and what happens to others is not told', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const lists = { a: [api], b: [api, other], c: [other], d: [api, late, other] };
    const servers$ = hot('a-b-b-d-c-|', lists);
    const changes$ = cold<PoolChange>('-');
    const view$ = restrictServers({ servers: new Map(), servers$, changes$ }, isApi);
    expectObservable(view$).toBe('a-----d-c-|', { a: [api], d: [api, late], c: [] });
    expectSubscriptions(servers$.subscriptions).toBe('^---------!');
    expectSubscriptions(changes$.subscriptions).toBe([]);
  });
});

test.each([['-'], ['|'], ['#'], ['--|'], ['--#']])('servers that come as %s are passed on', (diagram) => {
  marbles().run(({ cold, expectObservable }) => {
    const servers$ = cold<readonly PoolServer[]>(diagram);
    const changes$ = cold<PoolChange>('-');
    expectObservable(restrictServers({ servers: new Map(), servers$, changes$ }, isApi)).toBe(diagram);
  });
});

test('whoever leaves takes both subscriptions along', () => {
  marbles().run(({ hot, expectObservable, expectSubscriptions }) => {
    const servers$ = hot<readonly PoolServer[]>('----');
    const changes$ = hot<PoolChange>('----');
    expectObservable(restrictChanges({ servers: new Map(), servers$, changes$ }, isApi), '^-!').toBe('---');
    expectSubscriptions(servers$.subscriptions).toBe('^-!');
    expectSubscriptions(changes$.subscriptions).toBe('^-!');
  });
});

test('changes end when both streams of the pool have ended, and fail with either', () => {
  marbles().run(({ hot, expectObservable }) => {
    const quiet = hot<readonly PoolServer[]>('-----|');
    const none = hot<PoolChange>('--|');
    expectObservable(restrictChanges({ servers: new Map(), servers$: quiet, changes$: none }, isApi)).toBe('-----|');
    const broken = hot<PoolChange>('--#');
    expectObservable(restrictChanges({ servers: new Map(), servers$: quiet, changes$: broken }, isApi)).toBe('--#');
  });
});

test('a predicate that throws ends the stream of who asked for it, with what it threw', () => {
  marbles().run(({ hot, expectObservable }) => {
    const servers$ = hot('-a', { a: [api] });
    const changes$ = hot<PoolChange>('--');
    const failing = (): boolean => {
      throw 'no';
    };
    expectObservable(restrictServers({ servers: new Map(), servers$, changes$ }, failing)).toBe('-#', {}, 'no');
    expectObservable(restrictChanges({ servers: new Map([[':1', api]]), servers$, changes$ }, failing)).toBe(
      '#',
      {},
      'no',
    );
  });
});

test('the order in which the pool tells of a newcomer does not matter', () => {
  marbles().run(({ hot, expectObservable }) => {
    const added: PoolChange = { type: 'added', bind: ':3', server: late };
    const gone: PoolChange = { type: 'removed', bind: ':3', server: late };
    const before = { l: [api, late], o: [api] };
    const first = { servers$: hot('-l--o-', before), changes$: hot('--a--r-', { a: added, r: gone }) };
    expectObservable(restrictChanges({ servers: new Map(), ...first }, isApi)).toBe('--a--r-', { a: added, r: gone });
    const second = { servers$: hot('--l--o', before), changes$: hot('-a--r-', { a: added, r: gone }) };
    expectObservable(restrictChanges({ servers: new Map(), ...second }, isApi)).toBe('-a--r-', { a: added, r: gone });
  });
});
