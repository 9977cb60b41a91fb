import type { Outcome, Refusal } from '../cluster/outcome.ts';
import type { ClusterSnapshot, ServerSnapshot } from '../cluster/snapshot.ts';
import { errorComplaint } from './complaint.ts';
import type { RunEvent } from './run-event.ts';

/**
 * An event as one line of JSON: `type`, `at` (ISO 8601, UTC), then the fields of its type. Pure.
 *
 * Fields are only ever added. Errors are `{ code, message, hint }`. Every control character is escaped, as JSON has it,
 * and so are the separators that some readers take for line breaks.
 */
export const eventJson = (event: RunEvent, at: Date): string =>
  jsonLine({ type: event.type, at: at.toISOString(), ...fieldsOf(event) });

/** A value as JSON on exactly one line. */
export const jsonLine = (value: unknown, ofError: (error: Error) => object = errorJson): string => {
  const text = JSON.stringify(value, (_, member: unknown) => (member instanceof Error ? ofError(member) : member));
  // Functions and symbols have no JSON at all.
  return (text ?? 'null').replace(/[\u007f-\u009f\u2028\u2029\p{Cf}]/gu, escapeUnits);
};

const escapeUnits = (char: string): string =>
  Array.from({ length: char.length }, (_, unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(
    '',
  );

/** Anything may be logged; what JSON cannot hold (a circle, a bigint, a getter that throws) is left out. */
const detailsJson = (details: unknown): unknown => {
  try {
    return JSON.parse(jsonLine(details, ({ message, stack }) => ({ message, stack })));
  } catch {
    return null;
  }
};

const errorJson = (error: unknown): object => {
  const { code, message, hint } = errorComplaint(error);
  return { code, message, hint };
};

const fieldsOf = (event: RunEvent): object => {
  switch (event.type) {
    case 'outcome':
      return outcomeJson(event.outcome);
    case 'snapshot':
      return snapshotJson(event.snapshot);
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

const outcomeJson = (outcome: Outcome): object => {
  const { revision, status, durationMs } = outcome;
  const head = { revision, status, durationMs: Math.round(durationMs * 10) / 10 };
  switch (outcome.status) {
    case 'committed':
      return { ...head, changes: outcome.plan.changes, refused: outcome.refused.map(refusalJson) };
    case 'rejected':
      return { ...head, issues: outcome.issues };
    case 'rolledBack': {
      const { server, cause, unrestored } = outcome;
      return { ...head, server, cause: errorJson(cause), unrestored: unrestored.map(refusalJson) };
    }
    case 'unchanged':
    case 'superseded':
    case 'cancelled':
      return head;
  }
};

const refusalJson = ({ server, cause, issues }: Refusal): object => ({ server, cause: errorJson(cause), issues });

const snapshotJson = ({ state, revision, degraded, source, servers, draining, error }: ClusterSnapshot): object => ({
  state,
  revision,
  degraded,
  source,
  servers: Object.values(servers).map(serverJson),
  draining,
  ...(error === undefined ? {} : { error: errorJson(error) }),
});

const serverJson = ({ error, ...server }: ServerSnapshot): object => ({
  ...server,
  ...(error === undefined ? {} : { error: errorJson(error) }),
});
