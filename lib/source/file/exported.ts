import { isObservable, type Observable, of } from 'rxjs';
import { received } from '../../config/received.ts';
import { exportOf } from '../../module/exported.ts';
import { fromIterator } from '../../reactive/from-iterator.ts';
import type { Fault } from '../fault.ts';

/** What a module gives to run: configurations one after the other, or what stands where they should be. */
export type Exported =
  | { readonly ok: true; readonly values$: Observable<unknown> }
  | { readonly ok: false; readonly fault: Fault };

/**
 * Opens the default export of a module: a configuration, an Observable or async iterable of configurations, or a
 * function, async or not, that returns one of these.
 *
 * @returns a promise that rejects with whatever the function threw.
 */
export const openExport = async (exports: unknown): Promise<Exported> => {
  const exported = exportOf(exports, 'default');
  if (exported === undefined) return refuse('the module has no default export');
  const returned: unknown = typeof exported === 'function' ? await exported() : await exported;
  const what = typeof exported === 'function' ? 'the default function returned' : 'the default export is';
  if (typeof returned !== 'object' || returned === null) return refuse(`${what} ${received(returned)}`);
  if (isObservable(returned)) return { ok: true, values$: returned };
  if (isAsyncIterable(returned)) return { ok: true, values$: fromIterator(returned) };
  return { ok: true, values$: of(returned) };
};

const isAsyncIterable = (value: object): value is AsyncIterable<unknown> => Symbol.asyncIterator in value;

const refuse = (message: string): Exported => ({
  ok: false,
  fault: {
    code: 'ERR_SOURCE_EXPORT',
    message,
    hint: 'export default { servers: … }, an Observable or async iterable of that, or a function returning one of these',
  },
});
