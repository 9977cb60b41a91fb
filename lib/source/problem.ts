import type { Issue } from '../config/issue.ts';
import { locate, type Place, positionAt } from '../config/place.ts';
import { type Fault, SMALLEST_CONFIG } from './fault.ts';
import type { Problem } from './source.ts';

/** A data file as it was read: what a position inside it is computed from. */
export interface Located {
  readonly text: string;
  readonly place: Place;
}

/** Names the file, and turns the offset into a line and a column. */
export const problemOf = (file: string, fault: Fault, text: string): Problem => ({
  code: fault.code,
  file,
  message: fault.message,
  hint: fault.hint,
  ...(fault.at === undefined ? {} : positionAt(text, fault.at)),
  ...(fault.cause === undefined ? {} : { cause: fault.cause }),
});

/**
 * Turns what is wrong with a configuration into a problem of the file it was read from.
 *
 * @param data - where things stand in that file; `undefined` for a module, whose values have no place.
 * @param code - what kind of problem it is.
 */
export const problemOfIssue = (
  file: string,
  issue: Issue,
  data: Located | undefined,
  code: 'ERR_CONFIG' | 'ERR_SOURCE_ENV' = 'ERR_CONFIG',
): Problem => {
  const path = issue.server === undefined ? issue.path : join('servers', issue.server, issue.path);
  const subject = issue.server === undefined ? issue.path : join(issue.server, issue.path);
  return {
    code,
    file,
    ...(data === undefined ? {} : positionAt(data.text, locate(data.place, path))),
    message: subject === '' ? issue.message : `${subject}: ${issue.message}`,
    hint: issue.hint ?? (subject === '' ? SMALLEST_CONFIG : `expected ${issue.expected}`),
    ...(issue.server === undefined ? {} : { server: issue.server }),
    path: issue.path,
  };
};

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('.');
