import { jsonLine } from '../admin/json-line.ts';
import type { Display } from './display.ts';
import { eventJson } from './event-json.ts';
import { eventLine } from './event-line.ts';
import type { Output } from './output.ts';
import type { Paint } from './paint.ts';
import { isWrong } from './run-event.ts';

/**
 * One line per event, for logs: its time, its type, and what happened. What is wrong goes to `errors`, everything else
 * to `output`.
 */
export const lineDisplay = (output: Output, errors: Output, paint: Paint, paintErrors: Paint): Display => ({
  show(event) {
    const line = eventLine(event);
    if (line === undefined) return;
    const time = new Date().toISOString();
    const gap = (dropped: number): string => `${time} gap     ${dropped} lines were dropped: nobody took them\n`;
    if (isWrong(event)) errors.write(`${time} ${paintErrors(line)}\n`, gap);
    else output.write(`${time} ${paint(line)}\n`, gap);
  },
  close() {},
});

/** One JSON object per event, for programs; nothing else is written. */
export const jsonDisplay = (output: Output): Display => ({
  show(event) {
    const at = new Date();
    const gap = (dropped: number): string => `${jsonLine({ type: 'gap', at: at.toISOString(), dropped })}\n`;
    output.write(`${eventJson(event, at)}\n`, gap);
  },
  close() {},
});
