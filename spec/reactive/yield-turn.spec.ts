import { firstValueFrom } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { yieldTurn } from '../../lib/reactive/yield-turn.ts';

test('microtasks and immediates that were due before it come first', async () => {
  const events: string[] = [];
  queueMicrotask(() => events.push('microtask'));
  setImmediate(() => events.push('immediate'));
  const yielded = new Promise<void>((resolve) => {
    yieldTurn().subscribe({
      next: () => events.push('next'),
      complete: () => {
        events.push('complete');
        resolve();
      },
    });
  });
  events.push('subscribed');
  await yielded;
  expect(events).toEqual(['subscribed', 'microtask', 'immediate', 'next', 'complete']);
});

test('it can be awaited', async () => {
  await expect(firstValueFrom(yieldTurn())).resolves.toBeUndefined();
});

test('unsubscribing cancels it', async () => {
  const next = vi.fn();
  yieldTurn().subscribe(next).unsubscribe();
  await firstValueFrom(yieldTurn());
  expect(next).not.toHaveBeenCalled();
});
