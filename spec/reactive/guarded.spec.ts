import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  BehaviorSubject,
  finalize,
  firstValueFrom,
  lastValueFrom,
  map,
  merge,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  Subject,
  Subscriber,
  share,
  switchMap,
  take,
  throwError,
} from 'rxjs';
import { expect, test, vi } from 'vitest';
import { guarded } from '../../lib/reactive/guarded.ts';
import { marbles } from './marbles.ts';

const oops = new Error('oops');
const fail = (): never => {
  throw oops;
};

/** A guarded Subject, what was reported about its subscribers, and what a well-behaved one of them saw. */
const scene = () => {
  const source = new Subject<number>();
  const reports: unknown[] = [];
  const guarded$ = guarded(source, (error) => reports.push(error));
  return { source, reports, guarded$ };
};

test('values, completion, errors and subscriptions pass through unchanged', () => {
  marbles().run(({ cold, hot, expectObservable, expectSubscriptions }) => {
    const cases = { never: '-', empty: '|', one: '-a|', many: '-ab-c|', error: '-a#', endless: '-a-b-' };
    for (const diagram of Object.values(cases)) {
      const source = cold(diagram);
      const end = diagram.search(/[|#]/);
      expectObservable(guarded(source, fail)).toBe(diagram);
      expectSubscriptions(source.subscriptions).toBe(end < 0 ? '^' : end === 0 ? '(^!)' : `^${'-'.repeat(end - 1)}!`);
    }
    const source = hot('-a-b-c-');
    expectObservable(guarded(source, fail), '---!').toBe('-a-');
    expectSubscriptions(source.subscriptions).toBe('^--!');
  });
});

test('what a next callback throws is reported; it stays subscribed and the others see every value', () => {
  const { source, reports, guarded$ } = scene();
  const before: number[] = [];
  const after: number[] = [];
  const thrower = vi.fn(fail);
  guarded$.subscribe((value) => before.push(value));
  guarded$.subscribe(thrower);
  guarded$.subscribe({ next: (value) => after.push(value) });
  source.next(1);
  source.next(2);
  expect(thrower.mock.calls).toEqual([[1], [2]]);
  expect([before, after]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(reports).toEqual([oops, oops]);
});

test('what an error callback throws is reported, beside the others being told of the error', () => {
  const { source, reports, guarded$ } = scene();
  const told: unknown[] = [];
  guarded$.subscribe({ error: fail });
  guarded$.subscribe(undefined, (error) => told.push(error));
  source.error('broken');
  expect(told).toEqual(['broken']);
  expect(reports).toEqual([oops]);
});

test('what a complete callback throws is reported, and the others complete', () => {
  const { source, reports, guarded$ } = scene();
  const complete = vi.fn();
  guarded$.subscribe({ complete: fail });
  guarded$.subscribe({ complete });
  source.complete();
  expect(complete).toHaveBeenCalledOnce();
  expect(reports).toEqual([oops]);
});

test('an error nobody listens for is reported, once for each such subscriber', () => {
  const { source, reports, guarded$ } = scene();
  guarded$.subscribe();
  guarded$.subscribe(() => undefined);
  guarded$.subscribe({ next: () => undefined });
  source.error(oops);
  expect(reports).toEqual([oops, oops, oops]);
});

test('what async callbacks reject with is reported', async () => {
  const { source, reports, guarded$ } = scene();
  guarded$.subscribe({
    next: async () => fail(),
    complete: async () => Promise.reject('completed badly'),
  });
  source.next(1);
  source.complete();
  await vi.waitFor(() => expect(reports).toEqual([oops, 'completed badly']));
});

test('an awaitable whose then throws is reported', async () => {
  const { source, reports, guarded$ } = scene();
  // biome-ignore lint/suspicious/noThenProperty: the point of the test is a broken promise of somebody else's making
  guarded$.subscribe((() => ({ then: fail })) as (value: number) => void);
  source.next(1);
  await vi.waitFor(() => expect(reports).toEqual([oops]));
});

test('observers keep their this and may change their callbacks while subscribed', () => {
  const { source, reports, guarded$ } = scene();
  class Collector {
    readonly seen: number[] = [];
    next(value: number): void {
      this.seen.push(value);
    }
  }
  const collector = new Collector();
  guarded$.subscribe(collector);
  source.next(1);
  collector.next = (value) => collector.seen.push(value * 10);
  source.next(2);
  expect(collector.seen).toEqual([1, 20]);
  expect(reports).toEqual([]);
});

test('teardown functions that throw are reported, whoever triggers them', () => {
  const { source, reports, guarded$ } = scene();
  const complete = vi.fn();
  const byHand = guarded$.subscribe();
  byHand.add(() => fail());
  byHand.unsubscribe();
  expect(reports).toEqual([oops]);
  byHand.add(() => fail());
  expect(reports).toEqual([oops, oops]);

  const twice = guarded$.subscribe();
  twice.add(() => fail());
  twice.add(() => {
    throw 'second';
  });
  guarded$.subscribe({ complete });
  source.complete();
  expect(complete).toHaveBeenCalledOnce();
  expect(reports).toEqual([oops, oops, oops, 'second']);
});

test('a teardown of the source that throws is reported', () => {
  const reports: unknown[] = [];
  const source = new Observable<number>((subscriber) => {
    subscriber.next(1);
    subscriber.complete();
    return () => fail();
  });
  guarded(source, (error) => reports.push(error)).subscribe();
  expect(reports).toEqual([oops]);
});

test('a throwing teardown inside a combination does not keep the others from completing', () => {
  const { source, reports, guarded$ } = scene();
  const complete = vi.fn();
  const seen: number[] = [];
  merge(guarded$.pipe(finalize(() => fail())), NEVER).subscribe((value) => seen.push(value));
  guarded$.subscribe({ complete });
  source.next(1);
  source.complete();
  expect(seen).toEqual([1]);
  expect(complete).toHaveBeenCalledOnce();
  expect(reports).toEqual([oops]);
});

test('streams derived with pipe are guarded, however long the chain', () => {
  const { source, reports, guarded$ } = scene();
  const derived$ = guarded$.pipe(
    map((value) => value + 1),
    share({ connector: () => new ReplaySubject(1) }),
    switchMap((value) => of(value)),
  );
  const seen: number[] = [];
  derived$.subscribe(fail);
  derived$.subscribe((value) => seen.push(value));
  source.next(1);
  source.next(2);
  expect(seen).toEqual([2, 3]);
  expect(reports).toEqual([oops, oops]);
});

test('what an operator throws ends only the stream it is part of', () => {
  const { source, reports, guarded$ } = scene();
  const error = vi.fn();
  const seen: number[] = [];
  guarded$.pipe(map(fail)).subscribe({ error });
  guarded$.pipe(map(fail)).subscribe();
  guarded$.subscribe((value) => seen.push(value));
  source.next(1);
  source.next(2);
  expect(error.mock.calls).toEqual([[oops]]);
  expect(reports).toEqual([oops]);
  expect(seen).toEqual([1, 2]);
});

test('promises are made of it as of any stream', async () => {
  await expect(firstValueFrom(guarded(of(1, 2), fail))).resolves.toBe(1);
  await expect(lastValueFrom(guarded(of(1, 2), fail).pipe(map((value) => value * 2)))).resolves.toBe(4);
  await expect(
    firstValueFrom(
      guarded(
        throwError(() => oops),
        fail,
      ),
    ),
  ).rejects.toBe(oops);
  const throwing: () => void = fail;
  await expect(guarded(of(1), fail).forEach(throwing)).rejects.toBe(oops);
});

test('as an inner stream it is subscribed and left by the operator', () => {
  marbles().run(({ hot, expectObservable, expectSubscriptions }) => {
    const inner = hot('-1-2-3-4-');
    const outer = hot(' a--b--|');
    expectObservable(outer.pipe(switchMap(() => guarded(inner, fail))), '------!').toBe('-1-2-3');
    expectSubscriptions(inner.subscriptions).toBe(['^--!', '---^--!']);
  });
});

test('a source that emits everything while it is subscribed to stops at the first value taken', () => {
  const endless = new Observable<number>((subscriber) => {
    for (let n = 0; !subscriber.closed; n += 1) subscriber.next(n);
  });
  const seen: number[] = [];
  guarded(endless, fail)
    .pipe(take(1))
    .subscribe((value) => seen.push(value));
  expect(seen).toEqual([0]);
});

test('an operator that is done before it subscribes is left alone', () => {
  const { source, reports, guarded$ } = scene();
  const done = new Subscriber<number>();
  done.unsubscribe();
  expect(guarded$.subscribe(done)).toBe(done);
  expect(source.observed).toBe(false);
  expect(reports).toEqual([]);
});

test('a Subject may be the observer', () => {
  const { source, reports, guarded$ } = scene();
  const relay = new BehaviorSubject(0);
  const complete = vi.fn();
  relay.subscribe({ complete });
  guarded$.subscribe(relay);
  source.next(5);
  source.complete();
  expect(relay.value).toBe(5);
  expect(complete).toHaveBeenCalledOnce();
  expect(reports).toEqual([]);
});

test('a report that throws or rejects is swallowed', async () => {
  const source = new Subject<number>();
  const seen: number[] = [];
  guarded(source, fail).subscribe(fail);
  guarded(source, (async () => fail()) as () => void).subscribe(fail);
  guarded(source, fail).subscribe((value) => seen.push(value));
  source.next(1);
  source.next(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([1, 2]);
});

test('a process whose subscribers throw in every way reports them all and exits by itself', () => {
  const fixture = fileURLToPath(new URL('fixtures/throwing-subscribers.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--import', 'jiti/register', fixture], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  expect(child.stdout.split('\n').filter(Boolean).toSorted()).toEqual([
    'reported async complete',
    'reported async next',
    'reported complete',
    'reported next',
    'reported source',
    'reported teardown',
  ]);
  expect(child.status).toBe(0);
});
