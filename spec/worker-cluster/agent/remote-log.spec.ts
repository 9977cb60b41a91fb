import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRemoteLog } from '../../../lib/worker-cluster/agent/remote-log.ts';
import type { LogLine } from '../../../lib/worker-cluster/messages.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const rig = () => {
  const sent: { readonly lines: readonly LogLine[]; readonly dropped: number }[] = [];
  return { sent, log: createRemoteLog((lines, dropped) => sent.push({ lines, dropped })) };
};

test('lines of one turn go out together, with errors as data', async () => {
  const { sent, log } = rig();
  log.info('one');
  log.error('two', new TypeError('why'));
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect(sent).toMatchObject([
    {
      lines: [
        { level: 'info', message: 'one' },
        { level: 'error', message: 'two', details: { type: 'error', error: { name: 'TypeError', message: 'why' } } },
      ],
      dropped: 0,
    },
  ]);
});

test('what exceeds 64 lines in a quarter of a second is dropped and counted', async () => {
  const { sent, log } = rig();
  for (let count = 0; count < 100; count += 1) log.debug(String(count));
  await Promise.resolve();
  expect(sent.map(({ lines, dropped }) => [lines.length, dropped])).toEqual([[64, 36]]);
  log.debug('still too many');
  await Promise.resolve();
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(250);
  expect(sent.at(-1)).toEqual({ lines: [], dropped: 1 });
  log.debug('again');
  await Promise.resolve();
  expect(sent.at(-1)).toMatchObject({ lines: [{ message: 'again' }], dropped: 0 });
});

test('long lines are cut', async () => {
  const { sent, log } = rig();
  log.warn('x'.repeat(100_000));
  await Promise.resolve();
  expect(sent[0]?.lines[0]?.message).toHaveLength(4_096);
});

test('at the end nothing waits, and no timer is left', () => {
  const { sent, log } = rig();
  log.warn('waits');
  log.end();
  log.warn('the last word');
  expect(sent.flatMap(({ lines }) => lines.map(({ message }) => message))).toEqual(['waits', 'the last word']);
  expect(vi.getTimerCount()).toBe(0);
});
