import { firstValueFrom, lastValueFrom, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { type ConfigsInput, toConfigs } from '../../lib/source/configs.ts';
import type { FailedEvent, SourceEvent } from '../../lib/source/source.ts';
import { marbles } from '../reactive/marbles.ts';

const a: ClusterConfig = { a: { listen: ':1', routes: [] } };
const b: ClusterConfig = { b: { listen: ':2', routes: [] } };
const loaded: SourceEvent = { type: 'loaded', file: 'x', servers: a, problems: [] };
const failed: SourceEvent = {
  type: 'failed',
  file: 'x',
  problems: [{ code: 'ERR_SOURCE_EMPTY', file: 'x', message: 'empty', hint: 'write something' }],
};

const all = (input: ConfigsInput): Promise<readonly ClusterConfig[]> => lastValueFrom(toConfigs(input).pipe(toArray()));

describe('whatever gives configurations', () => {
  test('an Observable, an async iterable and a Promise give the same', async () => {
    const iterate = async function* () {
      yield a;
      yield b;
    };
    expect(await all(of(a, b))).toEqual([a, b]);
    expect(await all(iterate())).toEqual([a, b]);
    expect(await all(Promise.resolve(a))).toEqual([a]);
    expect(await all(iterate())).toEqual([a, b]);
  });

  test('of the events of a source the good ones pass, and the others are told', async () => {
    const told: FailedEvent[] = [];
    const onFailed = (event: FailedEvent): void => void told.push(event);
    const passed = await lastValueFrom(toConfigs(of(loaded, failed, loaded), { onFailed }).pipe(toArray()));
    expect(passed).toEqual([a, a]);
    expect(told).toEqual([failed]);
  });

  test('a callback that throws ends nothing', async () => {
    const onFailed = (): void => {
      throw new Error('tantrum');
    };
    expect(await lastValueFrom(toConfigs(of(failed, loaded), { onFailed }).pipe(toArray()))).toEqual([a]);
  });

  test('servers that are called type and file are servers', async () => {
    const odd: ClusterConfig = { type: { listen: ':1', routes: [] }, file: null };
    expect(await all(of(odd))).toEqual([odd]);
  });

  test('what an input errors or rejects with is the error', async () => {
    await expect(all(throwError(() => new Error('broken')))).rejects.toThrow('broken');
    await expect(all(Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  test('subscriptions are those of the input', () => {
    marbles().run(({ hot, expectObservable, expectSubscriptions }) => {
      const input = hot<SourceEvent>('-l-f-l-|', { l: loaded, f: failed });
      expectObservable(toConfigs(input)).toBe('-a---a-|', { a });
      expectObservable(toConfigs(input), '^--!').toBe('-a', { a });
      expectSubscriptions(input.subscriptions).toBe(['^------!', '^--!']);
    });
  });

  test('an async iterable is told at once that nobody listens any more', async () => {
    let returned = false;
    const next = new Subject<ClusterConfig>();
    const iterable: AsyncIterable<ClusterConfig> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: await firstValueFrom(next) }),
        return: async () => {
          returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
    toConfigs(iterable).subscribe().unsubscribe();
    expect(returned).toBe(true);
  });
});
