import { finalize, NEVER, Observable, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { shareLatest } from '../../lib/reactive/share-latest.ts';
import { marbles } from './marbles.ts';

test('a source that never speaks, says nothing, errors or completes is passed on as it is', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    for (const [diagram, subscription] of [
      ['-', '^'],
      ['|', '(^!)'],
      ['#', '(^!)'],
      ['-a|', '^-!'],
      ['-a-b#', '^---!'],
    ] as const) {
      const source = cold(diagram);
      expectObservable(source.pipe(shareLatest())).toBe(diagram);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }
  });
});

test('a newcomer is told the latest value, and all share one subscription', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('     a--b---c|');
    const shared = source.pipe(shareLatest());
    expectObservable(shared, '^').toBe('a--b---c|');
    expectObservable(shared, '-----^').toBe('-----b-c|');
    expectSubscriptions(source.subscriptions).toBe('^-------!');
  });
});

test('the last one to leave takes the source and the value with it', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('a-b----');
    const shared = source.pipe(shareLatest());
    expectObservable(shared, '^--!').toBe('a-b');
    expectObservable(shared, '-^---!').toBe('-ab');
    expectObservable(shared, '-------^--!').toBe('-------a-b');
    expectSubscriptions(source.subscriptions).toBe(['^----!', '-------^--!']);
  });
});

test('after an error and after completion the next subscriber starts the source anew', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const failing = cold('a-#');
    const shared = failing.pipe(shareLatest());
    expectObservable(shared).toBe('a-#');
    expectObservable(shared, '----^').toBe('----a-#');
    expectSubscriptions(failing.subscriptions).toBe(['^-!', '----^-!']);

    const ending = cold('a-|');
    const sharedEnding = ending.pipe(shareLatest());
    expectObservable(sharedEnding).toBe('a-|');
    expectObservable(sharedEnding, '----^').toBe('----a-|');
    expectSubscriptions(ending.subscriptions).toBe(['^-!', '----^-!']);
  });
});

test('nothing holds on to the source when nobody listens', () => {
  let torndown = 0;
  const shared = NEVER.pipe(
    finalize(() => {
      torndown += 1;
    }),
    shareLatest(),
  );
  const first = shared.subscribe();
  const second = shared.subscribe();
  first.unsubscribe();
  expect(torndown).toBe(0);
  second.unsubscribe();
  expect(torndown).toBe(1);
});

test('a subscriber that subscribes while being told joins the same subscription', () => {
  let subscriptions = 0;
  const source = new Subject<number>();
  const shared = new Observable<number>((subscriber) => {
    subscriptions += 1;
    return source.subscribe(subscriber);
  }).pipe(shareLatest());
  const inner: number[] = [];
  shared.subscribe((value) => {
    if (value === 1) shared.subscribe((again) => inner.push(again));
  });
  source.next(1);
  source.next(2);
  expect(inner).toEqual([1, 2]);
  expect(subscriptions).toBe(1);
});
