import { clusterView, outcomeView } from '../admin/cluster-view.ts';
import { jsonLine } from '../admin/json-line.ts';
import { workerEventFields } from '../admin/worker-view.ts';
import type { RunLine } from './json-events.ts';
import type { RunEvent } from './run-event.ts';

/**
 * An event as one line of JSON: `type`, `at` (ISO 8601, UTC), then the fields of its type. Pure.
 *
 * Fields are only ever added. Errors are `{ code, message, hint }`. Every control character is escaped, as JSON has it,
 * and so are the separators that some readers take for line breaks.
 */
export const eventJson = (event: RunEvent, at: Date): string => jsonLine(eventObject(event, at));

/** What `eventJson` writes, before it is text. */
export const eventObject = (event: RunEvent, at: Date): RunLine => {
  const stamp = { at: at.toISOString() };
  switch (event.type) {
    case 'outcome':
      return { type: event.type, ...stamp, ...outcomeView(event.outcome) };
    case 'snapshot':
      return { type: event.type, ...stamp, ...clusterView(event.snapshot) };
    case 'worker':
      return { type: event.type, ...stamp, ...workerEventFields(event.event) };
    case 'log': {
      const { type, level, message, details } = event;
      return { type, ...stamp, level, message, ...(details === undefined ? {} : { details: detailsJson(details) }) };
    }
    case 'config':
    case 'error':
    case 'server':
    case 'health':
    case 'state':
    case 'stopped':
      // Named first, they come first.
      return Object.assign({ type: event.type, ...stamp }, event);
  }
};

/** Anything may be logged; what JSON cannot hold (a circle, a bigint, a getter that throws) is left out. */
const detailsJson = (details: unknown): unknown => {
  try {
    return JSON.parse(jsonLine(details, ({ message, stack }) => ({ message, stack })));
  } catch {
    return null;
  }
};
