import { tracedError } from '../admin/error-view.ts';
import type { Outcome, Refusal } from '../cluster/outcome.ts';
import type { Issue } from '../config/issue.ts';
import type { Problem } from '../source/source.ts';

/** Something that is wrong, as it is told: what, why, where, and what to do about it. */
export interface Complaint {
  /** Stable; documented with its cause and its cure. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly server?: string;
  readonly path?: string;
  /** Where an error that nobody foresaw came from: one frame per line, shortened. */
  readonly stack?: string;
}

/** A problem without the error behind it, whose text is in the message already. */
export const complaintOf = ({ cause: _, ...problem }: Problem): Complaint => problem;

/**
 * What an outcome has to complain about: nothing when the config is in force whole.
 *
 * A rejected config has its issues as complaints here too, but those of a file were found when it was read.
 */
export const complaintsAbout = (outcome: Outcome): readonly Complaint[] => {
  switch (outcome.status) {
    case 'committed':
      return outcome.refused.flatMap(refused);
    case 'rejected':
      return refused({ server: '', cause: new Error('the configuration is not valid'), issues: outcome.issues });
    case 'rolledBack':
      return [
        errorComplaint(outcome.cause, outcome.server),
        ...outcome.unrestored.map(({ server, cause }) => errorComplaint(cause, server)),
      ];
    case 'unchanged':
    case 'superseded':
    case 'cancelled':
      return [];
  }
};

const refused = ({ server, cause, issues }: Refusal): readonly Complaint[] =>
  issues.length === 0 ? [errorComplaint(cause, server)] : complaintsOfIssues(issues);

/** What is not valid about a configuration, one complaint for each. */
export const complaintsOfIssues = (issues: readonly Issue[]): readonly Complaint[] =>
  issues.map((issue) => ({
    code: 'ERR_CONFIG',
    message: [[issue.server, issue.path].filter(Boolean).join('.'), issue.message].filter(Boolean).join(': '),
    hint: issue.hint ?? `expected ${issue.expected}`,
    ...(issue.server === undefined ? {} : { server: issue.server }),
    path: issue.path,
  }));

/** Any error as a complaint; one that brings no code or hint of its own was not foreseen. */
export const errorComplaint = (cause: unknown, server?: string): Complaint => {
  const { code, message, hint, frames } = tracedError(cause);
  return {
    code,
    message: server === undefined ? message : `${server}: ${message}`,
    hint,
    ...(server === undefined ? {} : { server }),
    ...(frames.length > 0 ? { stack: frames.join('\n') } : {}),
  };
};
