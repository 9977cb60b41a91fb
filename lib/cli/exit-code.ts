import { causesOf } from '../admin/error-view.ts';
import type { Problem } from '../source/source.ts';
import type { Complaint } from './complaint.ts';

/** What the exit code of a command says. */
export const EXIT = {
  /** Done, and verified. */
  done: 0,
  /** Something broke. */
  error: 1,
  /** The command line was not understood. */
  usage: 2,
  /** The configuration is not valid; nothing was touched. */
  invalid: 3,
  /** The configuration is valid and could not be put in force (an address is taken). */
  refused: 4,
  /** It did not happen in time. */
  timeout: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** With which code a command ends that could not get a configuration out of a file. */
export const exitCodeOfProblem = ({ code }: Problem): ExitCode =>
  code === 'ERR_SOURCE_TIMEOUT' ? EXIT.timeout : EXIT.invalid;

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ERR_BIND_TIMEOUT', 'ERR_BUILD_TIMEOUT', 'ERR_MODULE_TIMEOUT']);

/** With which code a command ends whose configuration was undone: whether it was refused, or took too long. */
export const exitCodeOfCause = (cause: unknown): ExitCode =>
  causesOf(cause).some((one) => one instanceof Error && 'code' in one && TIMEOUTS.has(one.code))
    ? EXIT.timeout
    : EXIT.refused;

/** A command that ends with something to say about why. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;
  /** Everything that is wrong, the first of which gives the error its code and message. */
  readonly complaints: readonly [Complaint, ...Complaint[]];
  constructor(exitCode: ExitCode, complaints: readonly [Complaint, ...Complaint[]]) {
    super(complaints[0].message);
    this.code = complaints[0].code;
    this.hint = complaints[0].hint;
    this.exitCode = exitCode;
    this.complaints = complaints;
  }
}
