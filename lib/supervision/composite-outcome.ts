import type { ChildFailure, MembersError } from './errors.ts';

/**
 * What became of a membership; `revision` counts what `members` emitted, from 1.
 *
 * - `committed`: it is in force. `started`, `stopped` and `reloaded` name who was; `failed` those that refused their
 *   new config and keep the one before: the next membership tells them again. `abandoned` names those that were stopped
 *   and took too long about it: they may still be at it.
 * - `unchanged`: nobody had to be started, stopped or reloaded.
 * - `rolledBack`: `child` could not be started, `cause` says why; those that ran before still do.
 * - `rejected`: it cannot be used, `error` says why.
 * - `superseded`: a newer one came while it was waiting.
 * - `cancelled`: the composite was stopped, or failed, before it was in force.
 */
export type CompositeOutcome = { readonly revision: number } & (
  | {
      readonly status: 'committed';
      readonly started: readonly string[];
      readonly stopped: readonly string[];
      readonly reloaded: readonly string[];
      readonly failed: readonly ChildFailure[];
      readonly abandoned: readonly string[];
    }
  | { readonly status: 'unchanged' }
  | ({ readonly status: 'rolledBack' } & ChildFailure)
  | { readonly status: 'rejected'; readonly error: MembersError }
  | { readonly status: 'superseded' }
  | { readonly status: 'cancelled' }
);
