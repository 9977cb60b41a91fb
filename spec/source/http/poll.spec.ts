import { finalize, NEVER, type Observable, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type Answered, poll, type Schedule } from '../../../lib/source/http/poll.ts';
import { marbles } from '../../reactive/marbles.ts';

const schedule: Schedule = { intervalMs: 10, initialMs: 4, maxMs: 20, random: () => 1 };
const answers: Readonly<Record<string, Answered>> = {
  a: { failed: false },
  f: { failed: true },
  l: { failed: true, retryAfterMs: 9 },
  s: { failed: true, retryAfterMs: 1 },
};

/** Polls somebody who gives these answers one after the other, each 1 ms after it was asked, and then is silent. */
const run = (said: string, expected: string, own: Partial<Schedule> = {}): void => {
  let asked = 0;
  let open = 0;
  let mostOpen = 0;
  marbles().run(({ cold, expectObservable }) => {
    const ask = (): Observable<Answered> => {
      const answer = said[asked];
      asked += 1;
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      const question: Observable<Answered> = answer === undefined ? NEVER : cold<Answered>(`-(${answer}|)`, answers);
      return question.pipe(finalize(() => (open -= 1)));
    };
    expectObservable(poll(ask, { ...schedule, ...own }, { count: 0 })).toBe(expected, answers);
  });
  // The one after the last answer is under way.
  expect({ asked, open, mostOpen }).toEqual({ asked: said.length + 1, open: 1, mostOpen: 1 });
};

describe('when it asks', () => {
  test('an answer of use is followed by the next question after the interval', () => {
    run('aaa', '-a 10ms a 10ms a');
  });

  test('a failure is tried again after twice as long each time, and no longer than the most', () => {
    run('ffffff', '-f 4ms f 8ms f 16ms f 20ms f 20ms f');
  });

  test('an answer of use makes the next failure the first', () => {
    run('ffaff', '-f 4ms f 8ms a 10ms f 4ms f');
  });

  test('with jitter the wait lies between half and the whole', () => {
    run('fff', '-f 2ms f 4ms f', { random: () => 0 });
  });

  test('who wants to be left alone for longer is; a shorter wait changes nothing', () => {
    run('ls', '-l 9ms s');
    run('ss', '-s 4ms s');
    run('fffl', '-f 4ms f 8ms f 16ms l');
  });
});

describe('one question at a time', () => {
  test('a question without an answer is never followed by another', () => {
    marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
      const never = cold<Answered>('-');
      expectObservable(
        poll(() => never, schedule, { count: 0 }),
        '100ms !',
      ).toBe('');
      expectSubscriptions(never.subscriptions).toBe(['^ 99ms !']);
    });
  });

  test('unsubscribing drops the question under way, and asks no other', () => {
    marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
      const slow = cold<Answered>('---a', answers);
      expectObservable(
        poll(() => slow, schedule, { count: 0 }),
        '15ms !',
      ).toBe('---a', answers);
      expectSubscriptions(slow.subscriptions).toBe(['^--!', '13ms ^-!']);
    });
  });

  test('further answers to one question are ignored', () => {
    marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
      const twice = cold<Answered>('-a-a', answers);
      expectObservable(
        poll(() => twice, schedule, { count: 0 }),
        '10ms !',
      ).toBe('-a', answers);
      expectSubscriptions(twice.subscriptions).toBe('^!');
    });
  });

  test('who never answers and ends is the end, and an error is one', () => {
    marbles().run(({ cold, expectObservable }) => {
      expectObservable(poll(() => cold<Answered>('-|'), schedule, { count: 0 })).toBe('-|');
      expectObservable(poll(() => throwError(() => 'broken'), schedule, { count: 0 })).toBe('#', undefined, 'broken');
      const throwing = (): Observable<Answered> => {
        throw 'thrown';
      };
      expectObservable(poll(throwing, schedule, { count: 0 })).toBe('#', undefined, 'thrown');
    });
  });

  test('failures are counted on where asking starts anew', () => {
    marbles().run(({ cold, expectObservable }) => {
      const failing = cold<Answered>('(f|)', answers);
      expectObservable(
        poll(() => failing, schedule, { count: 2 }),
        '17ms !',
      ).toBe('f 15ms f', answers);
    });
  });
});
