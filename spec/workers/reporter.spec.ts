import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FromWorker } from '../../lib/workers/protocol.ts';
import { Reporter } from '../../lib/workers/reporter.ts';
import { heartbeat } from './fake-process.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const reporting = (delivers: (message: FromWorker) => boolean = () => true) => {
  const sent: FromWorker[] = [];
  let sequence = 0;
  const reporter = new Reporter(
    () => {
      sequence += 1;
      return { ...heartbeat, sequence };
    },
    (message, done) => {
      sent.push(message);
      done(delivers(message));
    },
  );
  return { reporter, sent };
};

test('what is asked without series is answered at once', () => {
  const { reporter, sent } = reporting();
  reporter.expose(() => 'series');
  void reporter.answer({ id: 4, series: false });
  expect(sent).toEqual([{ type: 'report', id: 4, beat: { ...heartbeat, sequence: 1 }, series: [] }]);
});

test('series are read when they are asked for, and the beat is made after them', async () => {
  const { reporter, sent } = reporting();
  reporter.expose(() => 'now');
  reporter.expose(async () => 'later');
  const answered = reporter.answer({ id: 4, series: true });
  expect(sent).toEqual([]);
  await answered;
  expect(sent).toEqual([{ type: 'report', id: 4, beat: { ...heartbeat, sequence: 1 }, series: ['now', 'later'] }]);
  expect(vi.getTimerCount()).toBe(0);
});

test('what cannot be read, or takes too long, is left out', async () => {
  const { reporter, sent } = reporting();
  reporter.expose(() => {
    throw new Error('broken');
  });
  reporter.expose(() => Promise.reject(new Error('broken')));
  reporter.expose(() => new Promise(() => {}));
  reporter.expose(() => 'good');
  const answered = reporter.answer({ id: 1, series: true });
  await vi.advanceTimersByTimeAsync(1_999);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await answered;
  expect(sent).toMatchObject([{ series: ['good'] }]);
});

test('the last report has everything once more, under the number of what nobody asked', async () => {
  const { reporter, sent } = reporting();
  const exposed = reporter.expose(() => 'gone');
  reporter.expose(() => 'kept');
  exposed.unsubscribe();
  await reporter.last();
  expect(sent).toMatchObject([{ type: 'report', id: 0, series: ['kept'] }]);
});

test('series that are too much for the channel are left out, and the beat is not', async () => {
  const { reporter, sent } = reporting((message) => message.type === 'report' && message.series.length === 0);
  reporter.expose(() => 'too much');
  await reporter.answer({ id: 1, series: true });
  expect(sent).toMatchObject([
    { id: 1, series: ['too much'] },
    { id: 1, series: [] },
  ]);
});
