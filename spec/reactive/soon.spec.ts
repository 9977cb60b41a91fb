import { BehaviorSubject, isObservable, NEVER, of, throwError } from 'rxjs';
import { expect, test } from 'vitest';
import { allThere, bothThere, whenThere } from '../../lib/reactive/soon.ts';
import { marbles } from './marbles.ts';

test('what is there is worked on now, and what work throws is thrown now', () => {
  expect(whenThere(2, (value) => value * 2)).toBe(4);
  expect(() =>
    whenThere(2, () => {
      throw new Error('no');
    }),
  ).toThrow('no');
});

test('values that are all there are handed back as they are', () => {
  const values = [1, 2, 3];
  expect(allThere(values)).toBe(values);
});

test('one value that is on its way makes all of them wait, in their order', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const late = cold('  --b|');
    const later = cold(' ----c|');
    const all = allThere<string>(['a', late, later]);
    expect(isObservable(all)).toBe(true);
    if (isObservable(all)) expectObservable(all).toBe('----(r|)', { r: ['a', 'b', 'c'] });
    expectSubscriptions(late.subscriptions).toBe('^-!');
    expectSubscriptions(later.subscriptions).toBe('^---!');
  });
});

test('the first failure ends the wait for the others', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const failing = cold(' --#');
    const waiting = cold(' ------a|');
    const all = allThere<string>([failing, waiting]);
    if (isObservable(all)) expectObservable(all).toBe('--#');
    expectSubscriptions(waiting.subscriptions).toBe('^-!');
  });
});

test('a source that goes on after its first value is left', () => {
  const source = new BehaviorSubject(1);
  const seen: unknown[] = [];
  const all = allThere([source, of(2)]);
  if (isObservable(all)) all.subscribe((value) => seen.push(value));
  expect(seen).toEqual([[1, 2]]);
  expect(source.observed).toBe(false);
});

test('what work throws later is an error of the stream', () => {
  const seen: unknown[] = [];
  const result = whenThere(of(1), () => {
    throw new Error('no');
  });
  if (isObservable(result)) result.subscribe({ error: (error) => seen.push(error) });
  const failed = whenThere(
    throwError(() => 'early'),
    () => 1,
  );
  if (isObservable(failed)) failed.subscribe({ error: (error) => seen.push(error) });
  expect(seen).toEqual([expect.objectContaining({ message: 'no' }), 'early']);
});

test('two values are waited for together, and there is nothing to wait for when both are there', () => {
  expect(bothThere(1, 'a')).toEqual([1, 'a']);
  marbles().run(({ cold, expectObservable }) => {
    const soon = bothThere(cold('--1|'), 'a');
    expectObservable(isObservable(soon) ? soon : NEVER).toBe('--(x|)', { x: ['1', 'a'] });
    const both = bothThere(cold('--1|'), cold('---2|'));
    expectObservable(isObservable(both) ? both : NEVER).toBe('---(x|)', { x: ['1', '2'] });
    const broken = bothThere('a', cold('-#'));
    expectObservable(isObservable(broken) ? broken : NEVER).toBe('-#');
  });
});
