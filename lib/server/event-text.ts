import { EventFieldError } from './errors.ts';

/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** What it says: a text as it is, of any number of lines; anything else as JSON. Without it clients are told nothing. */
  readonly data?: unknown;
  /** Its type; clients take events without one for `message`. One line. */
  readonly event?: string;
  /** What clients send as `Last-Event-ID` when they come back. One line. */
  readonly id?: string;
  /** After how many milliseconds clients come back once the connection has ended. */
  readonly retry?: number;
}

/** Line breaks would begin a field of their own; clients ignore ids with a NUL. */
const field = (name: string, value: string): string => {
  if (/[\r\n\0]/.test(value)) throw new EventFieldError(name);
  return `${name}: ${value}\n`;
};

const retryField = (ms: number): string => {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new EventFieldError('retry');
  return `retry: ${ms}\n`;
};

const dataFields = (data: unknown): string => {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  // What JSON cannot say, such as a function.
  if (typeof text !== 'string') throw new EventFieldError('data');
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
};

/**
 * Writes an event down. Pure.
 *
 * @throws EventFieldError when a field holds what would be read as another one.
 * @see WHATWG HTML, section 9.2.6 "Interpreting an event stream".
 */
export const eventText = ({ data, event, id, retry }: ServerSentEvent): string => {
  const fields = [
    event === undefined ? '' : field('event', event),
    id === undefined ? '' : field('id', id),
    retry === undefined ? '' : retryField(retry),
    data === undefined ? '' : dataFields(data),
  ];
  return `${fields.join('')}\n`;
};

/** What clients do not notice; it keeps proxies from taking the connection for dead. */
export const HEARTBEAT = ':\n\n';
