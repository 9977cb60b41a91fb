import type { Outcome, Refusal } from '../cluster/outcome.ts';
import { reasonOf } from '../config/received.ts';
import type { Problem } from '../source/source.ts';
import { framesOf } from './stack.ts';

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
  issues.length === 0
    ? [errorComplaint(cause, server)]
    : issues.map((issue) => ({
        code: 'ERR_CONFIG',
        message: [[issue.server, issue.path].filter(Boolean).join('.'), issue.message].filter(Boolean).join(': '),
        hint: issue.hint ?? `expected ${issue.expected}`,
        ...(issue.server === undefined ? {} : { server: issue.server }),
        path: issue.path,
      }));

/** Any error as a complaint; one that brings no code or hint of its own was not foreseen. */
export const errorComplaint = (cause: unknown, server?: string): Complaint => {
  const { code, hint, stack } = textsOf(cause);
  const frames = framesOf(stack ?? '');
  return {
    code: code ?? 'ERR_UNEXPECTED',
    message: server === undefined ? reasonOf(cause) : `${server}: ${reasonOf(cause)}`,
    hint: hint ?? (frames.length > 0 ? UNFORESEEN : UNTRACED),
    ...(server === undefined ? {} : { server }),
    ...(hint === undefined && frames.length > 0 ? { stack: frames.join('\n') } : {}),
  };
};

const UNFORESEEN = 'nobody foresaw this: the stack says whether it comes from the configuration or from Sluice';
const UNTRACED = 'nobody foresaw this, and nothing says where it comes from: look at what changed last';

interface Texts {
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly stack?: string | undefined;
}

const textsOf = (cause: unknown): Texts => {
  if (!(cause instanceof Error)) return {};
  const text = (member: unknown): string | undefined => (typeof member === 'string' ? member : undefined);
  return {
    code: 'code' in cause ? text(cause.code) : undefined,
    hint: 'hint' in cause ? text(cause.hint) : undefined,
    stack: text(cause.stack),
  };
};
