import type { Issue } from '../config/issue.ts';
import type { Plan } from './plan.ts';

/** Why something could not be done; errors of Sluice have a code that does not change, and most have a hint. */
export type Cause = Error & { readonly code?: string | undefined; readonly hint?: string | undefined };

/** A server whose part of a commit did not go ahead (`commit: 'independent'`): it keeps its last good version. */
export interface Refusal {
  readonly server: string;
  readonly cause: Cause;
  /** What was wrong with its config; empty when preparing it failed. */
  readonly issues: readonly Issue[];
}

/** The refusal of a server that could not be prepared. */
export const toRefusal = (server: string, cause: unknown): Refusal => ({
  server,
  cause: cause instanceof Error ? cause : new Error(String(cause)),
  issues: [],
});

/**
 * What became of one pushed config. Every config gets exactly one, in the order of the pushes.
 *
 * - `committed`: it runs. `refused` names servers that stayed behind under `commit: 'independent'`.
 * - `unchanged`: it already ran; nothing was touched.
 * - `rejected`: it is not valid; nothing was touched.
 * - `rolledBack`: preparing a server failed; nothing that ran was touched, or it was put back.
 *   `unrestored` names servers that could not be put back (only possible with `stop-then-start` and with addresses
 *   that overlap).
 * - `superseded`: a newer config took its place before it was looked at.
 * - `cancelled`: the cluster stopped first, or was stopped already.
 */
export type Outcome = {
  /** The number of the push, from 1. */
  readonly revision: number;
  /** Milliseconds from the push to this outcome. */
  readonly durationMs: number;
} & (
  | { readonly status: 'committed'; readonly plan: Plan; readonly refused: readonly Refusal[] }
  | { readonly status: 'unchanged' }
  | { readonly status: 'rejected'; readonly issues: readonly Issue[] }
  | {
      readonly status: 'rolledBack';
      readonly server: string;
      readonly cause: Cause;
      readonly unrestored: readonly Refusal[];
      /** Under `commit: 'independent'`: all that stayed behind, `server` among them. */
      readonly refused?: readonly Refusal[];
    }
  | { readonly status: 'superseded' }
  | { readonly status: 'cancelled' }
);
