import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  type Observable,
  of,
  throwError,
} from 'rxjs';
import type { CommitMode, Strategy } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { aim } from './aim.ts';
import { UnconfirmedError, UnpreparedError } from './errors.ts';
import type { Hosts } from './hosts.ts';
import type { ApplyOptions } from './orders.ts';
import { type Cause, type Refusal, toRefusal } from './outcome.ts';
import { type Plan, planOf, type Steps } from './plan.ts';
import type { Roster } from './roster.ts';
import { Transaction, type TransactionOptions } from './transaction.ts';

export interface CommitOptions {
  readonly strategy: Strategy;
  readonly mode: CommitMode;
  readonly restartDelayMs: number;
  readonly startTimeoutMs: number;
  /** Where services are built. */
  readonly site: TransactionOptions['site'];
  /** Asked before the switch, whether it may be. */
  readonly confirm?: ApplyOptions['confirm'];
}

/** What one commit is to do. */
export interface Task {
  readonly mode: CommitMode;
  readonly confirm?: ApplyOptions['confirm'];
  /** The one server that may be touched; all by default. */
  readonly only?: string;
}

/** What a commit achieved. */
export type CommitResult =
  | { readonly status: 'committed'; readonly plan: Plan; readonly refused: readonly Refusal[] }
  | {
      readonly status: 'rolledBack';
      readonly server: string;
      readonly cause: Cause;
      readonly unrestored: readonly Refusal[];
      readonly refused?: readonly Refusal[];
    };

/** Where a commit takes place. */
export interface CommitSite {
  readonly roster: Roster;
  readonly hosts: Hosts;
  readonly options: CommitOptions;
}

/**
 * Makes `desired` run, starting from what runs: plans, prepares, switches, and lets what left retire.
 *
 * Emits one result and completes. A server that cannot be prepared undoes the whole commit, or, with
 * `mode: 'independent'`, is left at its last good version while the others go ahead. Cold; unsubscribing before the
 * switch lets go of everything that was taken.
 *
 * @param refused - servers that are known to stay behind.
 * @param known - the steps from what runs to `desired`, when somebody has planned them in this turn already.
 */
export const commit = (
  site: CommitSite,
  desired: ReadonlyMap<string, ServerSpec>,
  refused: readonly Refusal[],
  known?: Steps,
): Observable<CommitResult> => attempt(site, { desired, refused, unrestored: [], known });

/** Completes when somebody else agrees to the switch; errors with an `UnconfirmedError`. */
const confirmed = (confirm: NonNullable<ApplyOptions['confirm']>, refused: readonly Refusal[]): Observable<never> =>
  defer(() => from(confirm(refused))).pipe(
    ignoreElements(),
    catchError((cause: unknown) => throwError(() => new UnconfirmedError({ cause }))),
  );

interface Attempt {
  readonly desired: ReadonlyMap<string, ServerSpec>;
  readonly refused: readonly Refusal[];
  /** Servers that earlier attempts stopped and could not put back. */
  readonly unrestored: readonly Refusal[];
  readonly known?: Steps | undefined;
}

const attempt = (site: CommitSite, { desired, refused, unrestored, known }: Attempt): Observable<CommitResult> =>
  defer(() => {
    const { roster, hosts, options } = site;
    const situation = { standings: roster.standings(desired), members: roster.members, strategy: options.strategy };
    const { steps, behind } = aim(situation, desired, refused, known);
    const [first] = behind;
    if (first !== undefined && steps.steps.length === 0) {
      return of<CommitResult>({
        status: 'rolledBack',
        server: first.server,
        cause: first.cause,
        unrestored,
        refused: behind,
      });
    }

    const transaction = new Transaction(roster, hosts, steps.steps, {
      exhaustive: options.mode === 'independent',
      restartDelayMs: options.restartDelayMs,
      startTimeoutMs: options.startTimeoutMs,
      site: options.site,
    });
    const undo = (error: UnpreparedError | UnconfirmedError): Observable<CommitResult> => {
      const refusals = error instanceof UnpreparedError ? error.refusals : ([toRefusal('', error.cause)] as const);
      const [{ server, cause }] = refusals;
      transaction.letGo();
      return transaction.restore().pipe(
        concatMap((lost) => {
          // Those that were put back hold their addresses themselves by now, and may have to make way again.
          transaction.letGo();
          const all = [...unrestored, ...lost];
          return options.mode === 'atomic' || error instanceof UnconfirmedError
            ? of<CommitResult>({ status: 'rolledBack', server, cause, unrestored: all })
            : attempt(site, { desired, refused: [...refused, ...refusals], unrestored: all });
        }),
      );
    };
    return concat(
      transaction.prepare(),
      transaction.interrupt(),
      options.confirm === undefined ? EMPTY : confirmed(options.confirm, behind),
      defer(() => {
        transaction.switch();
        return transaction.open();
      }),
      defer(() => of<CommitResult>({ status: 'committed', plan: planOf(steps), refused: behind })),
    ).pipe(
      catchError((error: unknown) =>
        error instanceof UnpreparedError || error instanceof UnconfirmedError ? undo(error) : throwError(() => error),
      ),
      finalize(() => transaction.release()),
    );
  });
