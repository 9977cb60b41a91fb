import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { fromAbortSignal } from '../../lib/reactive/from-abort-signal.ts';

test('it emits the reason when the signal aborts, then completes', () => {
  const controller = new AbortController();
  const next = vi.fn();
  const complete = vi.fn();
  fromAbortSignal(controller.signal).subscribe({ next, complete });
  expect(next).not.toHaveBeenCalled();
  controller.abort('enough');
  expect(next.mock.calls).toEqual([['enough']]);
  expect(complete).toHaveBeenCalledOnce();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('a signal that has aborted before is seen at once', () => {
  const next = vi.fn();
  const complete = vi.fn();
  fromAbortSignal(AbortSignal.abort('early')).subscribe({ next, complete });
  expect(next.mock.calls).toEqual([['early']]);
  expect(complete).toHaveBeenCalledOnce();
});

test('unsubscribing removes the listener', () => {
  const controller = new AbortController();
  const subscription = fromAbortSignal(controller.signal).subscribe();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  subscription.unsubscribe();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
