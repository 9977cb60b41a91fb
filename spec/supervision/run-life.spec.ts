import { distinctUntilChanged, map, NEVER, type Observable, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { type LifeEvent, newLife } from '../../lib/supervision/life.ts';
import { runLife } from '../../lib/supervision/run-life.ts';
import type { Runnable } from '../../lib/supervision/runnable.ts';
import { marbles } from '../reactive/marbles.ts';
import { listLogger, never } from './fake-runnable.ts';

const endless = {
  startTimeoutMs: Number.POSITIVE_INFINITY,
  stopTimeoutMs: Number.POSITIVE_INFINITY,
  shutdownTimeoutMs: Number.POSITIVE_INFINITY,
};
const letters = { n: 'New', b: 'Booting', r: 'Running', l: 'Reloading', p: 'Stopping', s: 'Stopped', e: 'Error' };
const inputs: Readonly<Record<string, LifeEvent>> = { i: { type: 'begin' }, p: { type: 'stop' } };

/**
 * A life of runnables that say what `states` say. Calls show in `calls$`: capital letters are starts, small ones stops.
 * Calls either return at once or hang: promises settle outside of virtual time.
 */
const live = (
  states: readonly Observable<string>[],
  inputs$: Observable<LifeEvent>,
  limits: Partial<typeof endless> = {},
  stop: () => unknown = () => undefined,
) => {
  const calls$ = new Subject<string>();
  const { logger, lines } = listLogger();
  const runnables = states.map((state$, index): Runnable => {
    const name = String.fromCharCode(97 + index);
    return {
      state$,
      start: () => calls$.next(name.toUpperCase()),
      stop: () => {
        calls$.next(name);
        return stop();
      },
    };
  });
  const first = newLife(
    states.map((_, index) => ({ name: String.fromCharCode(97 + index), canReload: false, canRestart: false })),
  );
  const life$ = runLife(runnables, first, { ...endless, ...limits }, inputs$, logger);
  const state$ = life$.pipe(
    map((life) => life.state),
    distinctUntilChanged(),
  );
  return { state$, calls$, lines };
};

test('states are listened to from the beginning to the end of a life, whenever the turn of each comes', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const a = hot('           -b-r-----', letters);
    const b = hot('           -n---r---', letters);
    const input = cold('      i------p-', inputs);
    const { state$, calls$ } = live([a, b], input);
    expectObservable(calls$).toBe('A--B---(ba)');
    expectObservable(state$).toBe('b----r-(ps|)', letters);
    expectSubscriptions(a.subscriptions).toBe('^------!');
    expectSubscriptions(b.subscriptions).toBe('^------!');
    expectSubscriptions(input.subscriptions).toBe('^------!');
  });
});

test('unsubscribing listens to nobody any more and stops nothing', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const a = hot('     --r----', letters);
    const input = cold('i------', inputs);
    const { state$, calls$ } = live([a, NEVER], input, { startTimeoutMs: 3 });
    expectObservable(calls$).toBe('A-B');
    expectObservable(state$, '----!').toBe('b---', letters);
    expectSubscriptions(a.subscriptions).toBe('^---!');
    expectSubscriptions(input.subscriptions).toBe('^---!');
  });
});

test('nothing happens until it begins', () => {
  marbles().run(({ hot, expectObservable, expectSubscriptions }) => {
    const a = hot('-r-', letters);
    const { state$, calls$ } = live([a], NEVER);
    expectObservable(calls$).toBe('-');
    expectObservable(state$).toBe('-');
    expectSubscriptions(a.subscriptions).toBe([]);
  });
});

test('each has its own time to be Running, counted from its own start', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const a = hot('     --r------', letters);
    const b = hot('     ----r----', letters);
    const c = hot('     ---------', letters);
    const input = cold('i--------', inputs);
    const { state$, calls$ } = live([a, b, c], input, { startTimeoutMs: 3 });
    expectObservable(calls$).toBe('A-B-C--(cba)');
    expectObservable(state$).toBe('b------(pe|)', letters);
    expectSubscriptions(c.subscriptions).toBe('^------!');
  });
});

test('with endless limits it waits for ever', () => {
  marbles().run(({ cold, expectObservable }) => {
    const { state$ } = live([NEVER], cold('i', inputs));
    expectObservable(state$, '^ 1000m !').toBe('b', letters);
  });
});

test('each has its own time to stop, and one that overruns does not shorten that of the next', () => {
  marbles().run(({ cold, expectObservable }) => {
    const input = cold('i----p', inputs);
    const { state$, calls$ } = live([of('Running'), of('Running')], input, { stopTimeoutMs: 3 }, never);
    expectObservable(calls$).toBe('(AB)-b--a');
    expectObservable(state$).toBe('(br)-p-----(s|)', letters);
  });
});

test('the time for all cuts that of each: what is left is told to stop in order, at once', () => {
  const { lines } = marbles().run(({ cold, expectObservable }) => {
    const input = cold('i-----p', inputs);
    const running = of('Running');
    const life = live([running, running, running], input, { stopTimeoutMs: 3, shutdownTimeoutMs: 4 }, never);
    expectObservable(life.calls$).toBe('(ABC)-c--ba');
    expectObservable(life.state$).toBe('(br)--p---(s|)', letters);
    return life;
  });
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
    'warn gave up on stopping c after 3 ms',
    'warn gave up on stopping b: stopping all took 4 ms',
    'warn gave up on stopping a: stopping all took 4 ms',
  ]);
});

test('a stop before the beginning keeps everything from starting', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const a = cold('r', letters);
    const input = cold('(pi)', inputs);
    const { state$, calls$ } = live([a], input);
    expectObservable(calls$).toBe('-');
    expectObservable(state$).toBe('(s|)', letters);
    expectSubscriptions(a.subscriptions).toBe([]);
    expectSubscriptions(input.subscriptions).toBe('(^!)');
  });
});

test('one that never says Running and then ends lets the next one start', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const a = hot('     -b-s----', letters);
    const b = hot('     -----r--', letters);
    const c = hot('     --r-|---', letters);
    const input = cold('i-------', inputs);
    const { state$, calls$ } = live([a, b, c], input);
    expectObservable(calls$).toBe('A--B-C');
    expectObservable(state$).toBe('b----r', letters);
    expectSubscriptions(c.subscriptions).toBe('^---!');
  });
});

test('a state$ that has completed before the turn of its runnable is listened to again after the start', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const a = hot('     ---r-----', letters);
    const b = cold('    s-|', letters);
    const input = cold('i--------', inputs);
    const { state$, calls$ } = live([a, b], input);
    expectObservable(calls$).toBe('A--B');
    expectObservable(state$).toBe('b--r', letters);
    expectSubscriptions(b.subscriptions).toBe(['^-!', '---^-!']);
  });
});
