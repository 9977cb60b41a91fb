import type { OutcomeView } from '../../admin/cluster-view.ts';
import type { ErrorView } from '../../admin/error-view.ts';
import { MOST_BODY_BYTES } from '../../admin/request-body.ts';
import type { Issue } from '../../config/issue.ts';
import { type Complaint, complaintsOfIssues } from '../complaint.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';

/** What the control API answers when it does not do what it was asked. */
interface Refusal {
  readonly error?: ErrorView;
  readonly issues?: readonly Issue[];
  readonly outcome?: OutcomeView;
}

/** The error of a command whose order was not carried out. */
export const refusalOf = (status: number, answer: unknown): CommandError => {
  // The shape of what `createControlApp` answers; of anything else no member is found.
  const { error, issues, outcome } = (answer ?? {}) as Refusal;
  const complaints = [...complaintsOfIssues(issues ?? outcome?.issues ?? []), ...complaintsOfOutcome(outcome)];
  const [first = error ?? unexplained(status), ...rest] = complaints;
  return new CommandError(exitCodeOf(status), [first, ...rest]);
};

const exitCodeOf = (status: number): ExitCode => {
  if (status === 422) return EXIT.invalid;
  return status >= 500 || status === 400 ? EXIT.error : EXIT.refused;
};

const complaintsOfOutcome = (outcome: OutcomeView | undefined): readonly Complaint[] => {
  if (outcome === undefined) return [];
  const { status, server, cause, unrestored = [] } = outcome;
  const about = (one: ErrorView, id: string | undefined): Complaint => ({
    ...one,
    message: id === undefined ? one.message : `${id}: ${one.message}`,
    ...(id === undefined ? {} : { server: id }),
  });
  if (cause !== undefined) return [about(cause, server), ...unrestored.map((one) => about(one.cause, one.server))];
  if (status === 'superseded') return [SUPERSEDED];
  return status === 'cancelled' ? [CANCELLED] : [];
};

const SUPERSEDED: Complaint = {
  code: 'ERR_SUPERSEDED',
  message: 'a newer configuration took its place before it was looked at',
  hint: 'look at what runs now, and try again',
};

const CANCELLED: Complaint = {
  code: 'ERR_CANCELLED',
  message: 'the cluster is stopping',
  hint: 'nothing was changed',
};

const TOO_LARGE: Complaint = {
  code: 'ERR_CONTROL_BODY',
  message: `the configuration has more than the ${MOST_BODY_BYTES} bytes that a control socket takes`,
  hint: 'edit the file that the cluster follows, or name what is large by its path',
};

const unexplained = (status: number): Complaint =>
  status === 413
    ? TOO_LARGE
    : {
        code: 'ERR_CONTROL_ANSWER',
        message: `the control socket answered with ${status} and no reason`,
        hint: 'look whether both sides have the same version of sluice',
      };
