import type { Issue } from '../config/issue.ts';
import type { PoolReport } from './report.ts';

/** What was being done when it failed. */
export type PoolPhase =
  | 'add'
  | 'update'
  | 'validate'
  | 'start'
  | 'stop'
  | 'restart'
  | 'monitor'
  | 'health'
  | 'merge'
  | 'reload';

/** What could not be done, for programs; what each means and what to do is in the table of errors. */
export type PoolErrorCode =
  | 'ERR_POOL_PARAM_EMPTY'
  | 'ERR_POOL_ADD'
  | 'ERR_POOL_UPDATE'
  | 'ERR_POOL_VALIDATE'
  | 'ERR_POOL_START'
  | 'ERR_POOL_STOP'
  | 'ERR_POOL_RESTART'
  | 'ERR_POOL_MONITOR'
  | 'ERR_POOL_MERGE'
  | 'ERR_POOL_RELOAD'
  | 'ERR_POOL_CONFLICT'
  | 'ERR_POOL_PATTERN'
  | 'ERR_POOL_HANDLER'
  | 'ERR_POOL_DETACHED'
  | 'ERR_POOL_NOT_RUNNING'
  | 'ERR_POOL_CLOSED';

/** What failed for one server. */
export interface PoolFailure {
  /** Its name. */
  readonly server: string;
  /** Its key: where it listens. */
  readonly bind: string;
  readonly phase: PoolPhase;
  /** The code of `error`, when it has one. */
  readonly code: string | undefined;
  /** What was thrown, as it was thrown. */
  readonly error: Error;
}

/** What a `PoolError` carries beside its code and message. */
export interface PoolErrorOptions extends ErrorOptions {
  readonly failures?: readonly PoolFailure[];
  readonly issues?: readonly Issue[];
  readonly hint?: string;
  readonly report?: PoolReport;
}

const hide = (error: object, member: string): void => {
  Object.defineProperty(error, member, { enumerable: false });
};

/**
 * Something that was asked of a pool and did not come about, whole or in part.
 *
 * `code` says what; `failures` has one entry for each server that it concerns, `issues` what is wrong with their configs.
 * With one failure its error is the `cause`, with several an `AggregateError` of them is.
 */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly code: PoolErrorCode;
  readonly failures: readonly PoolFailure[];
  readonly issues: readonly Issue[];
  readonly hint: string | undefined;
  /** What became of every server that was meant, where several were. */
  readonly report: PoolReport | undefined;

  constructor(code: PoolErrorCode, message: string, options: PoolErrorOptions = {}) {
    const { failures = [], issues = [], hint, report, ...rest } = options;
    const [only, ...others] = failures;
    const errors = failures.map(({ error }) => error);
    const cause = others.length > 0 ? new AggregateError(errors, message) : only?.error;
    super(message, 'cause' in rest || cause === undefined ? rest : { cause });
    this.code = code;
    this.failures = Object.freeze([...failures]);
    this.issues = Object.freeze([...issues]);
    this.hint = hint;
    this.report = report;
    // What there is nothing of is not shown where the error is printed.
    if (failures.length === 0) hide(this, 'failures');
    if (issues.length === 0) hide(this, 'issues');
    if (hint === undefined) hide(this, 'hint');
    if (report === undefined) hide(this, 'report');
  }
}
