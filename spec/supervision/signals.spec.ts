import { expect, test } from 'vitest';
import { signals$ } from '../../lib/supervision/signals.ts';

test('subscribing listens to the named signals only, and unsubscribing stops that', () => {
  const count = () => [process.listenerCount('SIGUSR2'), process.listenerCount('SIGHUP')];
  const before = count();
  const signals = signals$(['SIGUSR2']);
  expect(count()).toEqual(before);
  const subscription = signals.subscribe();
  expect(count()).toEqual([(before[0] ?? 0) + 1, before[1]]);
  subscription.unsubscribe();
  expect(count()).toEqual(before);
});

test('it emits every signal the process is sent, by name', async () => {
  const seen: string[] = [];
  const both = new Promise<void>((resolve) => {
    const subscription = signals$(['SIGUSR2', 'SIGHUP']).subscribe((name) => {
      seen.push(name);
      if (seen.length < 2) return;
      subscription.unsubscribe();
      resolve();
    });
  });
  process.kill(process.pid, 'SIGUSR2');
  process.kill(process.pid, 'SIGHUP');
  await both;
  expect(seen.toSorted()).toEqual(['SIGHUP', 'SIGUSR2']);
});
