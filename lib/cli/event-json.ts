import { eventData } from '../admin/event-data.ts';
import { jsonLine } from '../admin/json-line.ts';
import type { RunEvent } from './run-event.ts';

/**
 * An event as one line of JSON: `type`, `at` (ISO 8601, UTC), then the fields of its type. Pure.
 *
 * Fields are only ever added. Errors are `{ code, message, hint }`. Every control character is escaped, as JSON has it,
 * and so are the separators that some readers take for line breaks.
 */
export const eventJson = (event: RunEvent, at: Date): string => jsonLine(eventObject(event, at));

/** What `eventJson` writes, before it is text. */
export const eventObject = (event: RunEvent, at: Date): object => ({
  type: event.type,
  at: at.toISOString(),
  ...fieldsOf(event),
});

/** Anything may be logged; what JSON cannot hold (a circle, a bigint, a getter that throws) is left out. */
const detailsJson = (details: unknown): unknown => {
  try {
    return JSON.parse(jsonLine(details, ({ message, stack }) => ({ message, stack })));
  } catch {
    return null;
  }
};

const fieldsOf = (event: RunEvent): object => {
  switch (event.type) {
    case 'outcome':
    case 'snapshot':
    case 'state':
    case 'server':
      return eventData(event);
    case 'log': {
      const { level, message, details } = event;
      return { level, message, ...(details === undefined ? {} : { details: detailsJson(details) }) };
    }
    default: {
      const { type: _, ...fields } = event;
      return fields;
    }
  }
};
