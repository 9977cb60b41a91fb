import { catchError, defer, EMPTY, from, isObservable, map, mergeMap, type Observable, of } from 'rxjs';
import { isPlainObject } from '../config/plain-data.ts';
import type { ClusterConfig } from '../config/server-config.ts';
import { fromIterator } from '../reactive/from-iterator.ts';
import type { FailedEvent, SourceEvent } from './source.ts';

/** What a stream of configurations carries: the events of a source, or the desired servers themselves. */
export type ConfigValue = SourceEvent | ClusterConfig;

/** Anything that gives configurations, one or one after the other. */
export type ConfigsInput = Observable<ConfigValue> | AsyncIterable<ConfigValue> | PromiseLike<ConfigValue>;

/** What becomes of the events that bring no configuration. */
export interface ToConfigsOptions {
  /** Told about every `failed` event of a source. What it throws is dropped. */
  readonly onFailed?: (event: FailedEvent) => void;
}

/**
 * Makes a stream for a siphon out of anything that gives configurations: a source, an Observable, an async iterable or
 * a Promise.
 *
 * `toConfigs(fileSource('sluice.json')).subscribe(cluster.siphon)` follows a file. Of the events of a source only the
 * good ones pass; what failed leaves the last good configuration in force and is told to `onFailed`.
 *
 * Cold where the input is: each subscription opens it anew, except for a Promise. Emits, completes and errors with the
 * input; unsubscribing lets go of it, of an async iterable by its `return()`.
 */
export const toConfigs = (input: ConfigsInput, { onFailed }: ToConfigsOptions = {}): Observable<ClusterConfig> =>
  valuesOf(input).pipe(
    mergeMap((value) => {
      if (!isSourceEvent(value)) return of(value);
      if (value.type === 'loaded') return of(value.servers);
      // Told apart from the stream: what a callback throws must not end it.
      return defer(() => of(onFailed?.(value))).pipe(
        mergeMap(() => EMPTY),
        catchError(() => EMPTY),
      );
    }),
  );

/** The values of an input as a stream, whatever it is made of. */
export const valuesOf = (input: ConfigsInput): Observable<ConfigValue> => {
  if (isObservable(input)) return input;
  return isAsyncIterable(input) ? fromIterator(input) : from(input).pipe(map((value) => value));
};

const isAsyncIterable = (input: object): input is AsyncIterable<ConfigValue> => Symbol.asyncIterator in input;

/** Whether a value is an event: no server is a text, so no set of servers has a `type` that is one. */
export const isSourceEvent = (value: unknown): value is SourceEvent =>
  isPlainObject(value) && (value.type === 'loaded' || value.type === 'failed');
