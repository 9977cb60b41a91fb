import { jsonLine } from '../admin/json-line.ts';
import type { ResultLine } from './json-events.ts';
import type { Terminal } from './live-display.ts';
import type { Output } from './output.ts';
import type { Line, Paint } from './paint.ts';

/** Where a command reads and writes; the process's own streams, made safe. */
export interface Console {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly paint: Paint;
  readonly paintErrors: Paint;
  /** Set when standard output is a terminal whose lines can be drawn again. */
  readonly terminal: Terminal | undefined;
}

export const printLines = (output: Output, paint: Paint, lines: readonly Line[]): void => {
  for (const line of lines) output.write(`${paint(line)}\n`);
};

/** Columns there are: those of the terminal, and as many as it takes where there is none. */
export const columnsOf = ({ terminal }: Console): number =>
  terminal?.columns || process.stdout.columns || Number.POSITIVE_INFINITY;

/** Writes the result of a command as one line of JSON. */
export const printResult = (output: Output, result: Unstamped<ResultLine>): void => {
  output.write(`${jsonLine(Object.assign({ type: result.type, at: new Date().toISOString() }, result))}\n`);
};

/** A line whose time is that of writing it; distributes over a union. */
type Unstamped<L extends ResultLine> = L extends unknown ? Omit<L, 'at'> : never;
