import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventJson } from '../../lib/cli/event-json.ts';
import { eventLine } from '../../lib/cli/event-line.ts';
import { plain } from '../../lib/cli/paint.ts';
import { isWrong } from '../../lib/cli/run-event.ts';
import { isInTable } from '../../lib/cli/worker-line.ts';
import type { WorkersEvent } from '../../lib/workers/event.ts';
import { at, exit, SAID } from './worker-events.ts';

describe('what happens to workers', () => {
  test.each(SAID)('is one line: %j', (event, line, how) => {
    expect(plain(eventLine({ type: 'worker', event }) ?? [])).toBe(line);
    expect(isWrong({ type: 'worker', event })).toBe(how === 'wrong');
  });

  test.each(SAID)('is one line of JSON: %j', (event) => {
    const parsed = JSON.parse(eventJson({ type: 'worker', event }, new Date(at)));
    expect(parsed).toMatchObject({ type: 'worker', at: new Date(at).toISOString(), event: event.type });
    const { at: _, type, ...fields } = event;
    expect(Object.keys(parsed)).toEqual(['type', 'at', 'event', ...Object.keys(fields)]);
  });

  test('is told in the table, or above it', () => {
    const above = SAID.filter(([event]) => !isInTable(event)).map(([event]) => event.type);
    expect([...new Set(above)]).toEqual([
      'exit',
      'disabled',
      'unresponsive',
      'outgrown',
      'breaker',
      'restart-begun',
      'restart-ended',
      'scaled',
      'warning',
    ]);
  });

  test('stays on one line whatever an error says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const event: WorkersEvent = { at, type: 'exit', slot: 0, pid: 1, exit: { ...exit, error: new Error(text) } };
        expect(plain(eventLine({ type: 'worker', event }) ?? [])).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(eventJson({ type: 'worker', event }, new Date(at))).not.toContain('\n');
      }),
    );
  });
});
