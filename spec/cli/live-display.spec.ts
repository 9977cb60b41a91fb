import { EventEmitter } from 'node:events';
import { NEVER } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Display } from '../../lib/cli/display.ts';
import { liveDisplay } from '../../lib/cli/live-display.ts';
import { plain } from '../../lib/cli/paint.ts';
import type { ClusterSnapshot } from '../../lib/cluster/snapshot.ts';
import { cluster, server } from './snapshots.ts';

/** A terminal that keeps every drawing as its lines, without escape sequences. */
class FakeTerminal extends EventEmitter {
  columns = 80;
  rows = 24;
  readonly drawings: string[][] = [];

  write(text: string): void {
    const lines = text.replaceAll(new RegExp(`${'\u001b'}\\[[?\\d]*[A-Za-z]|\\r`, 'g'), '').split('\n');
    this.drawings.push(lines.slice(0, -1));
  }

  get last(): readonly string[] {
    return this.drawings.at(-1) ?? [];
  }
}

const open = (snapshot: () => ClusterSnapshot | undefined): { terminal: FakeTerminal; display: Display } => {
  const terminal = new FakeTerminal();
  const output = { write: (text: string): void => terminal.write(text), flush: () => Promise.resolve(), gone$: NEVER };
  return { terminal, display: liveDisplay(output, terminal, plain, 'a.json', snapshot) };
};

describe('the table on a terminal', () => {
  // Drawing is a matter of seconds here, and only fake timers reach the throttle of a running subscription.
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('it is there at once, and counters move once a second', () => {
    let connections = 0;
    const { terminal, display } = open(() => cluster([server('web', { connections })]));
    expect(terminal.last[2]).toMatch(/^web .* 0 {10}0 /);
    connections = 7;
    vi.advanceTimersByTime(1_100);
    expect(terminal.last[2]).toMatch(/^web .* 7 {10}0 /);
    display.close(true);
  });

  test('a thousand events a second are ten drawings, and every line is there', () => {
    const { terminal, display } = open(() => cluster([]));
    for (let index = 0; index < 1_000; index += 1) {
      display.show({ type: 'log', level: 'warn', message: `line ${index}` });
      vi.advanceTimersByTime(1);
    }
    display.close(true);
    expect(terminal.drawings.length).toBeLessThanOrEqual(12);
    expect(terminal.drawings.flat().filter((line) => line.includes(' warn '))).toHaveLength(1_000);
  });

  test('a flood of lines is cut to a hundred per drawing, and what is left out is counted', () => {
    const { terminal, display } = open(() => cluster([]));
    for (let index = 0; index < 5_000; index += 1)
      display.show({ type: 'log', level: 'warn', message: `line ${index}` });
    vi.advanceTimersByTime(200);
    expect(terminal.last.filter((line) => line.includes(' warn '))).toHaveLength(100);
    expect(terminal.last).toContain('… 4900 more lines were left out');
    display.close(true);
  });

  test('it follows the size of the terminal', () => {
    const { terminal, display } = open(() => cluster([server('web')]));
    terminal.columns = 20;
    terminal.emit('resize');
    vi.advanceTimersByTime(200);
    for (const line of terminal.last) expect(line.length).toBeLessThanOrEqual(20);
    display.close(true);
  });

  test('problems of the file stand in the title until it is good again', () => {
    const { terminal, display } = open(() => cluster([]));
    display.show({ type: 'config', file: 'a.json', status: 'invalid', problems: 2 });
    vi.advanceTimersByTime(200);
    expect(terminal.last[0]).toMatch(/ config {2}a\.json is not valid: 2 problems, nothing was changed$/);
    expect(terminal.last.at(-1)).toContain('2 problems');
    display.show({ type: 'config', file: 'a.json', status: 'valid', servers: 0 });
    vi.advanceTimersByTime(200);
    expect(terminal.last.at(-1)).not.toContain('problem');
    display.close(true);
  });

  test('an error has its hint on a line of its own', () => {
    const { terminal, display } = open(() => cluster([]));
    display.show({ type: 'error', code: 'ERR_X', message: 'broken', hint: 'mend it' });
    vi.advanceTimersByTime(200);
    expect(terminal.last.slice(0, 2)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d error {3}broken \(ERR_X\)$/),
      '         hint    mend it',
    ]);
    display.close(true);
  });

  test('a failed request is told in words, and a line that is too long is broken between them', () => {
    const { terminal, display } = open(() => cluster([]));
    const error = Object.assign(new Error('the database of the shop is not there at the moment'), { stack: '' });
    const details = { requestId: 'r1', method: 'GET', path: '/cart', headersWritten: false, error };
    display.show({ type: 'log', level: 'error', message: 'server web: request r1 failed', details });
    vi.advanceTimersByTime(200);
    expect(terminal.last.slice(0, 2)).toEqual([
      expect.stringMatching(/^\S+ error {3}server web: request r1 failed: GET \/cart: the database of the$/),
      '                 shop is not there at the moment',
    ]);
  });

  test('closing leaves the last state on the screen, or takes away what never ran, and draws no more', () => {
    const left = open(() => cluster([server('web')]));
    left.display.close(true);
    expect(left.terminal.last[2]).toMatch(/^web/);
    const taken = open(() => undefined);
    taken.display.close(false);
    expect(taken.terminal.last).toEqual([]);
    const { length } = left.terminal.drawings;
    vi.advanceTimersByTime(5_000);
    left.terminal.emit('resize');
    expect(left.terminal.drawings).toHaveLength(length);
    expect(left.terminal.listenerCount('resize')).toBe(0);
  });
});
