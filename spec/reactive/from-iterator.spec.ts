import { lastValueFrom, take, toArray } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { fromIterator } from '../../lib/reactive/from-iterator.ts';

const oops = new Error('oops');

async function* counting(to: number): AsyncGenerator<number> {
  for (let n = 1; n <= to; n += 1) yield n;
}

/** An iterator made by hand: it answers when told to, and writes down when it is asked to return. */
const handMade = () => {
  const waiting: { resolve(result: IteratorResult<number>): void; reject(error: unknown): void }[] = [];
  const iterator = {
    next: vi.fn(() => new Promise<IteratorResult<number>>((resolve, reject) => waiting.push({ resolve, reject }))),
    return: vi.fn(async (): Promise<IteratorResult<number>> => ({ done: true, value: undefined })),
  };
  const iterable: AsyncIterable<number> = { [Symbol.asyncIterator]: () => iterator };
  const last = () => waiting.at(-1);
  return { iterator, iterable, last };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('it emits what the iterator yields and completes with it', async () => {
  await expect(lastValueFrom(fromIterator(counting(3)).pipe(toArray()))).resolves.toEqual([1, 2, 3]);
  await expect(lastValueFrom(fromIterator(counting(0)).pipe(toArray()))).resolves.toEqual([]);
});

test('every subscriber gets an iterator of its own', async () => {
  const iterable = { [Symbol.asyncIterator]: () => counting(2) };
  const values$ = fromIterator(iterable);
  await expect(lastValueFrom(values$.pipe(toArray()))).resolves.toEqual([1, 2]);
  await expect(lastValueFrom(values$.pipe(toArray()))).resolves.toEqual([1, 2]);
});

test('unsubscribing while nothing arrives returns the iterator in the same turn', () => {
  const { iterator, iterable } = handMade();
  const subscription = fromIterator(iterable).subscribe();
  expect(iterator.return).not.toHaveBeenCalled();
  subscription.unsubscribe();
  expect(iterator.return).toHaveBeenCalledOnce();
});

test('what arrives after unsubscribing is neither emitted nor followed by another question', async () => {
  const { iterator, iterable, last } = handMade();
  const seen: number[] = [];
  const subscription = fromIterator(iterable).subscribe((value) => seen.push(value));
  subscription.unsubscribe();
  last()?.resolve({ done: false, value: 1 });
  await turn();
  expect(seen).toEqual([]);
  expect(iterator.next).toHaveBeenCalledOnce();
});

test('a reader that has enough returns the iterator with the value it stops at', async () => {
  const { iterator, iterable, last } = handMade();
  const result = lastValueFrom(fromIterator(iterable).pipe(take(1)));
  last()?.resolve({ done: false, value: 1 });
  await expect(result).resolves.toBe(1);
  await turn();
  expect(iterator.return).toHaveBeenCalledOnce();
  expect(iterator.next).toHaveBeenCalledOnce();
});

test('an async generator runs its finally block when the reader leaves', async () => {
  const cleaned = vi.fn();
  async function* watch(): AsyncGenerator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      cleaned();
    }
  }
  await expect(lastValueFrom(fromIterator(watch()).pipe(take(1)))).resolves.toBe(1);
  await vi.waitFor(() => expect(cleaned).toHaveBeenCalledOnce());
});

test('an iterator that ended by itself, well or badly, is not returned', async () => {
  const well = handMade();
  const completed = lastValueFrom(fromIterator(well.iterable), { defaultValue: 'none' });
  well.last()?.resolve({ done: true, value: undefined });
  await expect(completed).resolves.toBe('none');
  expect(well.iterator.return).not.toHaveBeenCalled();

  const badly = handMade();
  const failed = lastValueFrom(fromIterator(badly.iterable));
  badly.last()?.reject(oops);
  await expect(failed).rejects.toBe(oops);
  expect(badly.iterator.return).not.toHaveBeenCalled();
});

test('an iterable that throws instead of answering is an error of the stream', async () => {
  const fail = () => {
    throw oops;
  };
  await expect(lastValueFrom(fromIterator({ [Symbol.asyncIterator]: fail }))).rejects.toBe(oops);
  const next = { [Symbol.asyncIterator]: () => ({ next: fail }) };
  await expect(lastValueFrom(fromIterator(next))).rejects.toBe(oops);
});

test('an iterator that cannot return, or fails to, hurts nobody who leaves', async () => {
  const pending = () => new Promise<IteratorResult<number>>(() => undefined);
  const thrown = vi.fn(() => {
    throw oops;
  });
  const rejected = vi.fn(() => Promise.reject(oops));
  for (const iterator of [{ next: pending }, { next: pending, return: thrown }, { next: pending, return: rejected }]) {
    const subscription = fromIterator({ [Symbol.asyncIterator]: () => iterator }).subscribe();
    expect(() => subscription.unsubscribe()).not.toThrow();
  }
  await turn();
  expect(thrown).toHaveBeenCalledOnce();
  expect(rejected).toHaveBeenCalledOnce();
});

test('an iterator that rejects after the reader has left is forgotten', async () => {
  const { iterable, last } = handMade();
  const error = vi.fn();
  fromIterator(iterable).subscribe({ error }).unsubscribe();
  last()?.reject(oops);
  await turn();
  expect(error).not.toHaveBeenCalled();
});
