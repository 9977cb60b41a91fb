import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyExit, type ExitIntent } from '../../lib/workers/exit.ts';

const INTENTS: readonly ExitIntent[] = [
  'stop',
  'restart',
  'scale',
  'unready',
  'unresponsive',
  'memory',
  'age',
  'abandoned',
];
const unasked = { intent: undefined, killed: false, at: 7, error: undefined };

test.each([
  // What the primary of Node sees of: exit(3), a throw, a fault, a kill, exit(0), a request by a signal.
  { code: 3, signal: null, crash: true },
  { code: 1, signal: null, crash: true },
  { code: null, signal: 'SIGSEGV', crash: true },
  { code: null, signal: 'SIGABRT', crash: true },
  { code: null, signal: 'SIGKILL', crash: true },
  { code: null, signal: 'SIGTERM', crash: true },
  { code: 0, signal: null, crash: false },
] as const)('an end with code $code and signal $signal that nobody asked for: crash $crash', ({ crash, ...exit }) => {
  expect(classifyExit(exit, unasked)).toEqual({ ...exit, crash, forced: false, at: 7 });
});

test('no code is never taken for 0, even when there is no signal either', () => {
  expect(classifyExit({ code: null, signal: null }, unasked).crash).toBe(true);
});

test('what was asked for is no crash, however it went', () => {
  const ends = fc.record({
    code: fc.option(fc.integer({ min: 0, max: 255 })),
    signal: fc.constantFrom(null, 'SIGKILL' as const, 'SIGSEGV' as const),
  });
  fc.assert(
    fc.property(ends, fc.constantFrom(...INTENTS), fc.boolean(), (exit, intent, killed) => {
      const classified = classifyExit(exit, { intent, killed, at: 1, error: undefined });
      expect(classified).toMatchObject({ ...exit, intent, crash: false });
      expect(classified.forced).toBe(killed && exit.signal === 'SIGKILL');
    }),
  );
});

test('one that left by itself before the kill reached it was not forced', () => {
  expect(classifyExit({ code: 0, signal: null }, { ...unasked, intent: 'stop', killed: true }).forced).toBe(false);
});

test('what it said of its failure goes with its end, and nothing is made up', () => {
  const error = new Error('out of luck');
  expect(classifyExit({ code: 1, signal: null }, { ...unasked, error }).error).toBe(error);
  expect(Object.keys(classifyExit({ code: 1, signal: null }, unasked))).toEqual([
    'code',
    'signal',
    'crash',
    'forced',
    'at',
  ]);
});
