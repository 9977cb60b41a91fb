import { fileURLToPath } from 'node:url';
import { type OutcomeView, outcomeView } from '../admin/cluster-view.ts';
import { framesOf } from '../admin/stack.ts';
import type { Change } from '../cluster/plan.ts';
import type { Complaint } from './complaint.ts';
import type { Line, Style } from './paint.ts';
import type { LogLevel, RunEvent } from './run-event.ts';
import { counted, duration, printable } from './text.ts';
import { workerLine } from './worker-line.ts';

/**
 * An event as one line for people, without its time; `undefined` for what only programs are told. Pure.
 *
 * The first word is the type of the event, so that lines can be picked out by it.
 */
export const eventLine = (event: RunEvent): Line | undefined => {
  switch (event.type) {
    case 'config': {
      const file = printable(event.file);
      return event.status === 'valid'
        ? headed('config', 'strong', `${file} is valid: ${counted(event.servers, 'server')}`)
        : headed('config', 'bad', `${file} is not valid: ${counted(event.problems, 'problem')}, nothing was changed`);
    }
    case 'error':
      return headed(
        'error',
        'bad',
        `${complaintLine(event)} (${printable(event.code)}${hintText(event)})${stackText(event)}`,
      );
    case 'outcome':
      return outcomeLine(outcomeView(event.outcome));
    case 'state':
      return headed('state', 'strong', event.degraded ? `${event.state}, degraded` : event.state);
    case 'server': {
      const { id, state, address, url, connections, restarts = 0, error } = event;
      const parts = [id, state, url ?? address];
      if (url !== undefined && !url.includes(address)) parts.push(`(${address})`);
      if (connections !== undefined) parts.push(`with ${counted(connections, 'connection')}`);
      if (restarts > 0) parts.push(`after ${counted(restarts, 'restart')}`);
      const text = printable(parts.join(' '));
      return headed('server', SERVER_STYLES[state], error === undefined ? text : `${text}: ${printable(error)}`);
    }
    case 'health': {
      const { id, status, rising, message } = event;
      const text = `${id} ${status}${rising ? ', rising' : ''}${message === '' ? '' : `: ${message}`}`;
      return headed('health', HEALTH_STYLES[status], printable(text));
    }
    case 'log': {
      const details = detailsText(event);
      return headed(event.level, LOG_STYLES[event.level], printable(event.message + details));
    }
    case 'stopped': {
      const { cut, durationMs } = event;
      const text = cut === 0 ? 'nothing was cut' : `${counted(cut, 'connection')} had to be cut`;
      return headed('stopped', cut === 0 ? 'good' : 'bad', `${text}, in ${milliseconds(durationMs)}`);
    }
    case 'worker':
      return workerLine(event.event);
    case 'snapshot':
      return undefined;
  }
};

/** `file:line:column: message`, the form editors and terminals make clickable. */
export const complaintLine = ({ file, line, column, message }: Complaint): string => {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return printable(place === '' ? message : `${place}: ${message}`);
};

/** A complaint that ends a command, with what to do about it on a line of its own. */
export const complaintLines = (complaint: Complaint): readonly Line[] => [
  [
    { text: 'error   ', style: 'bad' },
    { text: `${complaintLine(complaint)} ` },
    { text: `(${printable(complaint.code)})`, style: 'faint' },
  ],
  ...(isHelpful(complaint)
    ? [[{ text: 'hint    ', style: 'busy' as const }, { text: printable(complaint.hint) }]]
    : []),
  ...(complaint.stack ?? '')
    .split('\n')
    .filter((frame) => frame !== '')
    .map((frame): Line => [{ text: `        ${printable(frame)}`, style: 'faint' }]),
];

/** Whether a hint says more than the message does: of what `must be 1 to 5`, it helps nobody that 1 to 5 was expected. */
const isHelpful = ({ message, hint }: Complaint): boolean => !message.includes(hint.replace(/^expected /, ''));

const hintText = (complaint: Complaint): string => (isHelpful(complaint) ? `; hint: ${printable(complaint.hint)}` : '');

/** One event is one line, whatever it has to say. */
const stackText = ({ stack }: Complaint): string =>
  stack === undefined ? '' : ` ${printable(stack.replaceAll('\n', ' '))}`;

/** Columns of the type in front of a line, and the blank behind it. */
export const TYPE_WIDTH = 'outcome '.length;

const headed = (type: string, style: Style, text: string): Line => [{ text: type.padEnd(TYPE_WIDTH), style }, { text }];

const SERVER_STYLES = {
  starting: 'busy',
  running: 'good',
  draining: 'busy',
  stopped: 'faint',
  failed: 'bad',
} as const satisfies Record<string, Style>;

/** Colours of how servers are. */
export const HEALTH_STYLES = { ok: 'good', warn: 'busy', down: 'bad' } as const satisfies Record<string, Style>;

const LOG_STYLES: Readonly<Record<LogLevel, Style>> = { error: 'bad', warn: 'busy', info: 'strong', debug: 'faint' };

/** What became of a config, as a line. */
export const outcomeLine = (outcome: OutcomeView): Line =>
  headed('outcome', outcomeStyle(outcome), outcomeText(outcome));

const outcomeStyle = ({ status }: OutcomeView): Style => {
  if (status === 'committed' || status === 'unchanged') return 'good';
  return status === 'rejected' || status === 'rolledBack' ? 'bad' : 'faint';
};

const outcomeText = (outcome: OutcomeView): string => {
  const text = `${outcome.revision} ${outcome.status}`;
  const took = milliseconds(outcome.durationMs);
  switch (outcome.status) {
    case 'committed': {
      const { changes: done = [], refused = [] } = outcome;
      const changes = done.map((change) => `${actionOf(change)} ${change.server}`);
      const behind = refused.map(({ server }) => `${server} stays behind`);
      return printable(`${text} in ${took}: ${enumerated([...changes, ...behind]) || 'no server changed'}`);
    }
    case 'unchanged':
      return `${text}: this is what runs`;
    case 'rejected':
      return `${text}: not valid, nothing was touched`;
    case 'rolledBack': {
      const { server, unrestored = [] } = outcome;
      const lost = unrestored.map((one) => one.server);
      const left = lost.length === 0 ? 'nothing was changed' : `${lost.join(', ')} could not be put back`;
      const why = server === '' ? 'undone' : `${server} could not be prepared`;
      return printable(`${text} in ${took}: ${why}, ${left}`);
    }
    case 'superseded':
      return `${text}: a newer one took its place`;
    case 'cancelled':
      return `${text}: stopping`;
  }
};

/** What a change is called: one that changes no field builds the server anew, which is what `restart` asks for. */
export const actionOf = ({ action, fields }: Change): Change['action'] =>
  action === 'update' && fields?.length === 0 ? 'restart' : action;

/** As many as fit on a line; the rest is counted. */
const enumerated = (items: readonly string[]): string => {
  const most = 6;
  const more = items.length - most;
  return [...items.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
};

/** Of a request that failed: which one it was, and why; `undefined` for any other entry. */
const requestText = (message: string, details: unknown): string | undefined => {
  if (typeof details !== 'object' || details === null || details instanceof Error) return undefined;
  const { requestId, method, path, error }: FailedRequest = details;
  if (typeof requestId !== 'string' || typeof method !== 'string' || typeof path !== 'string') return undefined;
  const why = error instanceof Error ? errorText(error) : String(error);
  const id = message.includes(requestId) ? '' : ` (request ${requestId})`;
  return `: ${method} ${path}: ${why}${id}`;
};

type LogEvent = Extract<RunEvent, { readonly type: 'log' }>;

interface FailedRequest {
  readonly requestId?: unknown;
  readonly method?: unknown;
  readonly path?: unknown;
  readonly error?: unknown;
}

/** What a log entry brought along, on the same line: the text of an error, anything else as JSON. */
const detailsText = ({ message, details }: LogEvent): string => {
  if (details === undefined) return '';
  if (details instanceof Error) return `: ${errorText(details)}`;
  try {
    const request = requestText(message, details);
    if (request !== undefined) return request;
    return ` ${JSON.stringify(details, (_, member: unknown) => (member instanceof Error ? errorText(member) : member))}`;
  } catch {
    return ''; // Circular, or a getter that throws: the message has to do.
  }
};

/** What it says, and the one frame of its stack that says most; where Sluice or a package itself stands, none does. */
const errorText = ({ message, stack }: Error): string => {
  const frame = framesOf(stack ?? '').find((one) => !one.includes('/node_modules/') && !one.includes(OWN));
  return frame === undefined ? message : `${message} ${frame}`;
};

/** Where this program is. */
const OWN = fileURLToPath(new URL('..', import.meta.url));

const milliseconds = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : duration(ms));
