import fc from 'fast-check';
import { finalize, lastValueFrom, map, mergeScan, NEVER, Observable, of, Subject, take } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { conflateScan } from '../../lib/reactive/conflate-scan.ts';
import { marbles } from './marbles.ts';

test('a source that never speaks gives nothing and stays subscribed', () => {
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('-');
    expectObservable(source.pipe(conflateScan((_, value) => of(value), ''))).toBe('-');
    expectSubscriptions(source.subscriptions).toBe('^');
  });
});

test('an empty source completes at once without projecting', () => {
  const project = vi.fn(() => of(''));
  marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('|');
    expectObservable(source.pipe(conflateScan(project, ''))).toBe('|');
    expectSubscriptions(source.subscriptions).toBe('(^!)');
  });
  expect(project).not.toHaveBeenCalled();
});

test('one value runs its inner to the end although the source has completed', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('-a|');
    const inner = cold(' --x-y|');
    expectObservable(source.pipe(conflateScan(() => inner, ''))).toBe('---x-y|');
    expectSubscriptions(source.subscriptions).toBe('^-!');
    expectSubscriptions(inner.subscriptions).toBe('-^----!');
  });
});

test('inners run one at a time, each from what the one before it emitted last', () => {
  const starts: (readonly [string, string])[] = [];
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('ab-------|');
    const inner = cold('--1-2|');
    const result = source.pipe(
      conflateScan((acc, value) => {
        starts.push([acc, value]);
        return inner;
      }, '0'),
    );
    expectObservable(result).toBe('--1-2--1-2|');
    expectSubscriptions(source.subscriptions).toBe('^--------!');
    expectSubscriptions(inner.subscriptions).toBe(['^----!', '-----^----!']);
  });
  expect(starts).toEqual([
    ['0', 'a'],
    ['2', 'b'],
  ]);
});

test('an inner that emits nothing leaves the accumulator as it was', () => {
  marbles().run(({ hot, expectObservable }) => {
    const result = hot('abc|').pipe(conflateScan((acc, value) => (value === 'b' ? [] : [acc + value]), ''));
    expectObservable(result).toBe('x-y|', { x: 'a', y: 'ac' });
  });
});

test('the oldest waiting value is dropped, and reported at once', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('abcd------|');
    const a = cold('----a|');
    const d = cold('----d|');
    const inners: Readonly<Record<string, Observable<string>>> = { a, d };
    const reports = new Subject<string>();
    const result = source.pipe(
      conflateScan((_, value) => inners[value] ?? NEVER, '', { dropped: (value) => reports.next(value) }),
    );
    expectObservable(reports).toBe('--bc');
    expectObservable(result).toBe('----a----d|');
    expectSubscriptions(a.subscriptions).toBe('^----!');
    expectSubscriptions(d.subscriptions).toBe('-----^----!');
  });
});

test('as many values wait as the buffer holds', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('abcde----------|');
    const inner = cold('----x|');
    const dropped: string[] = [];
    const result = source.pipe(
      conflateScan((_, value) => inner.pipe(map(() => value)), '', {
        buffer: 2,
        dropped: (value) => dropped.push(value),
      }),
    );
    expectObservable(result).toBe('----a----d----e|');
    expectSubscriptions(inner.subscriptions).toBe(['^----!', '-----^----!', '----------^----!']);
  });
});

test('the result completes once the last waiting value is done', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('ab|');
    const inner = cold('---x|');
    expectObservable(source.pipe(conflateScan(() => inner, ''))).toBe('---x---x|');
    expectSubscriptions(inner.subscriptions).toBe(['^---!', '----^---!']);
  });
});

test('an error of the source ends the running inner and the result', () => {
  const dropped = vi.fn();
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('ab-#');
    const inner = cold('-1--2|');
    expectObservable(source.pipe(conflateScan(() => inner, '', { dropped }))).toBe('-1-#');
    expectSubscriptions(source.subscriptions).toBe('^--!');
    expectSubscriptions(inner.subscriptions).toBe('^--!');
  });
  expect(dropped).not.toHaveBeenCalled();
});

test('an error of an inner ends the source and the result', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('ab-----|');
    const inner = cold('-1-#');
    expectObservable(source.pipe(conflateScan(() => inner, ''))).toBe('-1-#');
    expectSubscriptions(source.subscriptions).toBe('^--!');
    expectSubscriptions(inner.subscriptions).toBe('^--!');
  });
});

test('an inner that never ends keeps the newest value waiting and the result open', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('abc|');
    const inner = cold('-1-2-');
    const dropped: string[] = [];
    expectObservable(source.pipe(conflateScan(() => inner, '', { dropped: (value) => dropped.push(value) }))).toBe(
      '-1-2-',
    );
    expectSubscriptions(source.subscriptions).toBe('^--!');
    expectSubscriptions(inner.subscriptions).toBe('^');
  });
});

test('unsubscribing early lets go of the source and the running inner', () => {
  const dropped = vi.fn();
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot(' ab-------|');
    const inner = cold(' -1-2-3|');
    const unsubscribe = '----!';
    expectObservable(source.pipe(conflateScan(() => inner, '', { dropped })), unsubscribe).toBe('-1-2-');
    expectSubscriptions(source.subscriptions).toBe('^---!');
    expectSubscriptions(inner.subscriptions).toBe('^---!');
  });
  expect(dropped).not.toHaveBeenCalled();
});

test('what project throws arrives as an error, for the first value and for one that waited', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const inner = cold('--1|');
    const failFor = (bad: string) =>
      conflateScan((_: string, value: string) => {
        if (value === bad) throw new Error(`no ${bad}`);
        return inner;
      }, '');
    const first = hot('ab-------|');
    const second = hot('ab-------|');
    expectObservable(first.pipe(failFor('a'))).toBe('#', undefined, new Error('no a'));
    expectObservable(second.pipe(failFor('b'))).toBe('--1#', undefined, new Error('no b'));
    expectSubscriptions(first.subscriptions).toBe('(^!)');
    expectSubscriptions(second.subscriptions).toBe('^--!');
    expectSubscriptions(inner.subscriptions).toBe('^--!');
  });
});

test('a projection that returns nothing observable arrives as an error', () => {
  const project = (() => undefined) as unknown as () => Observable<string>;
  const errors: unknown[] = [];
  of('a')
    .pipe(conflateScan(project, ''))
    .subscribe({ error: (error: unknown) => errors.push(error) });
  expect(errors).toEqual([expect.any(TypeError)]);
});

test('what dropped throws arrives as an error and ends the running inner', () => {
  marbles().run(({ hot, cold, expectObservable, expectSubscriptions }) => {
    const source = hot('abc---|');
    const inner = cold('-1--2|');
    const dropped = (value: string): void => {
      throw new Error(`lost ${value}`);
    };
    expectObservable(source.pipe(conflateScan(() => inner, '', { dropped }))).toBe(
      '-1#',
      undefined,
      new Error('lost b'),
    );
    expectSubscriptions(source.subscriptions).toBe('^-!');
    expectSubscriptions(inner.subscriptions).toBe('^-!');
  });
});

test('an inner is torn down before the next one is projected', () => {
  const events: string[] = [];
  const source = new Subject<'a' | 'b'>();
  const gates = { a: new Subject<string>(), b: new Subject<string>() };
  source
    .pipe(
      conflateScan((_, value) => {
        events.push(`project ${value}`);
        return gates[value].pipe(finalize(() => events.push(`teardown ${value}`)));
      }, ''),
    )
    .subscribe();
  source.next('a');
  source.next('b');
  gates.a.complete();
  gates.b.complete();
  expect(events).toEqual(['project a', 'teardown a', 'project b', 'teardown b']);
});

test('a source and inners that emit everything at once can be cut short by the first value', () => {
  const endless = new Observable<number>((subscriber) => {
    for (let n = 0; !subscriber.closed; n += 1) subscriber.next(n);
  });
  const seen: number[] = [];
  endless
    .pipe(
      conflateScan(() => endless, -1),
      take(3),
    )
    .subscribe((value) => seen.push(value));
  expect(seen).toEqual([0, 1, 2]);
});

test('nothing that waits is projected after the subscriber has left', () => {
  const source = new Subject<number>();
  const gate = new Subject<number>();
  const projected: number[] = [];
  source
    .pipe(
      conflateScan(
        (_, value) => {
          projected.push(value);
          return value === 0 ? gate : of(value);
        },
        0,
        { buffer: 3 },
      ),
      take(1),
    )
    .subscribe();
  for (const value of [0, 1, 2, 3]) source.next(value);
  gate.complete();
  expect(projected).toEqual([0, 1]);
});

test('a subscriber that pushes while it is notified waits its turn like everybody else', () => {
  const source = new Subject<number>();
  const dropped: number[] = [];
  const seen: number[] = [];
  source
    .pipe(conflateScan((_, value) => of(value), 0, { dropped: (value) => dropped.push(value) }))
    .subscribe((value) => {
      seen.push(value);
      if (value === 1) {
        source.next(2);
        source.next(3);
      }
    });
  source.next(1);
  expect(seen).toEqual([1, 3]);
  expect(dropped).toEqual([2]);
});

test('a source that completes while its last value is being projected completes the result after it', () => {
  const source = new Subject<number>();
  const events: (number | string)[] = [];
  source
    .pipe(
      conflateScan((_, value) => {
        source.complete();
        return of(value);
      }, 0),
    )
    .subscribe({ next: (value) => events.push(value), complete: () => events.push('complete') });
  source.next(1);
  expect(events).toEqual([1, 'complete']);
});

test('100 000 waiting values whose inners complete at once are worked off in order and on one stack', async () => {
  const gate = new Subject<number>();
  const source = new Subject<number>();
  const result = lastValueFrom(
    source.pipe(
      conflateScan((sum, value) => (value === 0 ? gate : [sum + value]), 0, { buffer: Number.POSITIVE_INFINITY }),
    ),
  );
  for (let value = 0; value <= 100_000; value += 1) source.next(value);
  source.complete();
  gate.complete();
  await expect(result).resolves.toBe(5_000_050_000);
});

test('a chain of 100 000 values, each pushed by the result of the one before it, does not deepen the stack', () => {
  const source = new Subject<number>();
  let last = 0;
  source.pipe(conflateScan((_, value) => [value], 0)).subscribe((value) => {
    last = value;
    if (value < 100_000) source.next(value + 1);
  });
  source.next(1);
  expect(last).toBe(100_000);
});

test('with an endless buffer it is mergeScan with concurrency 1', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9))), (steps) => {
      marbles().run(({ cold, expectObservable }) => {
        const gaps = steps.map(([gap], index) => `${'-'.repeat(gap)}${String.fromCharCode(0x100 + index)}`).join('');
        const values = Object.fromEntries(
          steps.map(([, length], index) => [String.fromCharCode(0x100 + index), length]),
        );
        const source = cold<number>(`${gaps}|`, values);
        const project = (acc: number, length: number) => cold<number>(`${'-'.repeat(length)}x|`, { x: acc + length });
        const ours = source.pipe(conflateScan(project, 0, { buffer: Number.POSITIVE_INFINITY }));
        const theirs = source.pipe(mergeScan(project, 0, 1));
        expectObservable(ours).toEqual(theirs);
      });
    }),
    { numRuns: 50 },
  );
});

test('whatever arrives, the first and the newest value are run and every value is either run or reported', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1 }), fc.integer({ min: 1, max: 4 }), (finishes, buffer) => {
      const source = new Subject<number>();
      const run: number[] = [];
      const dropped: number[] = [];
      let finish = new Subject<number>();
      source
        .pipe(
          conflateScan(
            (_, value) => {
              run.push(value);
              finish = new Subject();
              return finish;
            },
            0,
            { buffer, dropped: (value) => dropped.push(value) },
          ),
        )
        .subscribe();
      finishes.forEach((finishFirst, value) => {
        if (finishFirst) finish.complete();
        source.next(value);
      });
      for (let left = buffer + 1; left > 0; left -= 1) finish.complete();
      const all = [...finishes.keys()];
      expect(run[0]).toBe(0);
      expect(run.at(-1)).toBe(all.at(-1));
      expect(run).toEqual(run.toSorted((a, b) => a - b));
      expect([...run, ...dropped].toSorted((a, b) => a - b)).toEqual(all);
    }),
  );
});

test('a buffer that is not a whole number of at least 1 is refused', () => {
  for (const buffer of [0, -1, 1.5, Number.NaN]) {
    expect(() => conflateScan((_, value: number) => of(value), 0, { buffer })).toThrow(RangeError);
  }
  expect(() => conflateScan((_, value: number) => of(value), 0, { buffer: 1 })).not.toThrow();
});
