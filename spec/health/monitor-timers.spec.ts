import { describe, expect, test, vi } from 'vitest';
import { healthSettingsOf } from '../../lib/config/health-settings.ts';
import { monitor, type RunCheck } from '../../lib/health/monitor.ts';

const settings = healthSettingsOf(true);

describe('the timers of a monitor', () => {
  const timeouts = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  test.each<[string, RunCheck]>([
    ['while it waits for the next check', () => true],
    ['during a check', () => new Promise(() => {})],
  ])('do not keep the process alive %s', (_, check) => {
    const before = timeouts();
    const subscription = monitor(check, settings).subscribe();
    expect(timeouts()).toBe(before);
    subscription.unsubscribe();
  });

  test.each<[string, RunCheck]>([
    ['between two checks', () => true],
    ['during a check', () => new Promise(() => {})],
  ])('are gone after unsubscribing %s', (_, check) => {
    vi.useFakeTimers();
    try {
      const subscription = monitor(check, settings).subscribe();
      expect(vi.getTimerCount()).toBe(1);
      subscription.unsubscribe();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
