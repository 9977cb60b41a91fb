import type { DrainRequest } from './drain.ts';
import type { Assignment, ErrorData, ToWorker } from './protocol.ts';

// By hand, without a validating library: it is loaded before anything else in every worker, and costs its start.

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isText = (value: unknown): value is string => typeof value === 'string';
const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);
const isId = (value: unknown): value is number => isAmount(value) && Number.isInteger(value);
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

const isSharing = (value: unknown): value is Assignment['sharing'] =>
  value === 'shared' || value === 'round-robin' || value === 'reuse-port';

const REASONS: ReadonlySet<unknown> = new Set([
  'stop',
  'restart',
  'scale',
  'memory',
  'age',
  'unresponsive',
  'abandoned',
  'signal',
  'crash',
] satisfies readonly DrainRequest['reason'][]);

const isRequest = (value: unknown): value is DrainRequest =>
  isFields(value) && REASONS.has(value.reason) && isAmount(value.deadlineMs) && typeof value.handOver === 'boolean';

const isErrorData = (value: unknown): value is ErrorData =>
  isFields(value) &&
  isText(value.name) &&
  isText(value.message) &&
  [value.code, value.hint, value.stack].every((field) => field === undefined || isText(field)) &&
  (value.cause === undefined || isErrorData(value.cause));

const isAssigned = (value: Fields): value is Omit<Assignment, 'env'> & Fields =>
  isId(value.slot) &&
  isId(value.count) &&
  isId(value.port) &&
  isSharing(value.sharing) &&
  isAmount(value.heartbeatMs) &&
  isAmount(value.orphanDrainMs) &&
  isTexts(value.args);

/** JSON has no `undefined`, which takes a variable away: it travels as `null`. */
const packVariables = (env: Assignment['env']): Readonly<Record<string, string | null>> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? null]));

const unpackVariables = (value: unknown): Assignment['env'] | undefined => {
  if (!isFields(value)) return undefined;
  const env: Record<string, string | undefined> = {};
  for (const [name, variable] of Object.entries(value)) {
    if (!isText(variable) && variable !== null) return undefined;
    env[name] = variable ?? undefined;
  }
  return env;
};

const readAssignment = (value: unknown): Assignment | undefined => {
  if (!isFields(value) || !isAssigned(value)) return undefined;
  const env = unpackVariables(value.env);
  return env === undefined ? undefined : { ...value, env };
};

/** A message to a worker as JSON can say it. */
export type PackedToWorker =
  | Exclude<ToWorker, { readonly type: 'assign' }>
  | {
      readonly type: 'assign';
      readonly assignment: Omit<Assignment, 'env'> & { readonly env: Readonly<Record<string, string | null>> };
    };

export const packToWorker = (message: ToWorker): PackedToWorker =>
  message.type === 'assign'
    ? { ...message, assignment: { ...message.assignment, env: packVariables(message.assignment.env) } }
    : message;

/** What the primary says; `undefined` for what is no message of this release. */
export const readToWorker = (value: unknown): ToWorker | undefined => {
  if (!isFields(value)) return undefined;
  const { type, id } = value;
  switch (type) {
    case 'bound':
    case 'caught-up':
      return { type };
    case 'assign': {
      const assignment = readAssignment(value.assignment);
      return assignment === undefined ? undefined : { type, assignment };
    }
    case 'drain': {
      const { request } = value;
      return isRequest(request) ? { type, request } : undefined;
    }
    case 'count': {
      const { count } = value;
      return isId(count) ? { type, count } : undefined;
    }
    case 'listening': {
      const { address, data } = value;
      return isId(id) && isText(address) ? { type, id, address, ...(data !== undefined && { data }) } : undefined;
    }
    case 'listen-failed': {
      const { error } = value;
      return isId(id) && isErrorData(error) ? { type, id, error } : undefined;
    }
    case 'connection': {
      const { connection } = value;
      return isId(id) && isId(connection) ? { type, id, connection } : undefined;
    }
    case 'collect': {
      const { series } = value;
      return isId(id) && typeof series === 'boolean' ? { type, id, series } : undefined;
    }
    case 'collected':
      return isId(id) ? { type, id, statistics: value.statistics } : undefined;
    case 'topic': {
      const { topic, body } = value;
      return isText(topic) ? { type, topic, body } : undefined;
    }
    default:
      return undefined;
  }
};
