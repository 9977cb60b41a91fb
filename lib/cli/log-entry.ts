import type { LogEntry } from '../admin/log-ring.ts';
import { eventObject } from './event-json.ts';
import { eventLine } from './event-line.ts';
import { plain } from './paint.ts';
import { isWrong, type RunEvent } from './run-event.ts';

/** An event as `sluice logs` writes it later; `undefined` for what people are not told. */
export const logEntry = (event: RunEvent, at: Date): LogEntry | undefined => {
  const line = eventLine(event);
  if (line === undefined) return undefined;
  return { text: `${at.toISOString()} ${plain(line)}`, isWrong: isWrong(event), event: eventObject(event, at) };
};
