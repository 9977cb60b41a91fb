import { asyncScheduler, fromEvent, interval, merge, Subject, throttleTime } from 'rxjs';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { Display } from './display.ts';
import { complaintLines, eventLine, TYPE_WIDTH } from './event-line.ts';
import { redraw } from './live-block.ts';
import type { Output } from './output.ts';
import type { Line, Paint } from './paint.ts';
import type { RunEvent } from './run-event.ts';
import { layout } from './table.ts';
import { isInTable } from './worker-line.ts';
import { wrapLine } from './wrap.ts';

/** Milliseconds between two drawings, at least: ten a second are more than anybody reads. */
const THROTTLE_MS = 100;

/** Milliseconds after which counters and uptimes are drawn again, when nothing happens. */
const REFRESH_MS = 1_000;

/** Lines written above the table per drawing; writing to a terminal blocks, and a flood of log lines must not. */
const MOST_LINES = 100;

/** What the table shows anyway, or the outcome that follows. */
const IN_TABLE: ReadonlySet<RunEvent['type']> = new Set(['config', 'server', 'health', 'state', 'snapshot']);

/** A terminal and how to know its size. */
export interface Terminal extends NodeJS.EventEmitter {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/**
 * A table at the bottom of the terminal that stays up to date, with events and log lines above it.
 *
 * It is drawn ten times a second at most, follows the size of the terminal, and leaves its last state on the screen
 * when it is closed.
 *
 * @param snapshot - the cluster as it is at the moment; counters change without an event.
 */
export const liveDisplay = (
  output: Output,
  terminal: Terminal,
  paint: Paint,
  file: string,
  snapshot: () => ClusterSnapshot | undefined,
): Display => {
  const asked$ = new Subject<void>();
  let problems = 0;
  let above: Line[] = [];
  let leftOut = 0;
  let drawn: readonly Line[] = [];

  const draw = (leave = true): void => {
    const width = terminal.columns || 80;
    const height = (terminal.rows || 24) - 1; // The cursor stands on the line below.
    const block = leave ? layout({ file, snapshot: snapshot(), problems }, { width, height }) : [];
    if (leftOut > 0) above.push([{ text: `… ${leftOut} more lines were left out`, style: 'faint' }]);
    output.write(redraw(drawn, above, block, paint, width));
    drawn = block;
    above = [];
    leftOut = 0;
  };

  const drawing = merge(asked$, interval(REFRESH_MS), fromEvent(terminal, 'resize'))
    .pipe(throttleTime(THROTTLE_MS, asyncScheduler, { leading: true, trailing: true }))
    .subscribe(() => draw());
  asked$.next();

  return {
    show(event) {
      if (event.type === 'config') problems = event.status === 'valid' ? 0 : event.problems;
      const lines = linesOf(event, terminal.columns || 80);
      if (above.length < MOST_LINES) above.push(...lines);
      else leftOut += lines.length;
      asked$.next();
    },
    close(leave) {
      drawing.unsubscribe();
      draw(leave);
    },
  };
};

const linesOf = (event: RunEvent, width: number): readonly Line[] => {
  const isRefused = event.type === 'config' && event.status === 'invalid';
  if (IN_TABLE.has(event.type) && !isRefused) return [];
  if (event.type === 'worker' && isInTable(event.event)) return [];
  const lines = event.type === 'error' ? complaintLines(event) : [eventLine(event) ?? []];
  const time = `${clock()} `;
  const timed = lines.map(
    (line, index): Line => [{ text: index === 0 ? time : ' '.repeat(time.length), style: 'faint' }, ...line],
  );
  return timed.flatMap((line) => wrapLine(line, width, time.length + TYPE_WIDTH));
};

/** The time of day in the zone of whoever sits there. */
const clock = (): string => new Date().toTimeString().slice(0, 8);
