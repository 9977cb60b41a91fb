import type { Outcome, Refusal } from '../cluster/outcome.ts';
import type { Change } from '../cluster/plan.ts';
import type { ClusterSnapshot, ServerSnapshot, TlsSnapshot } from '../cluster/snapshot.ts';
import type { Issue } from '../config/issue.ts';
import type { Problem } from '../source/source.ts';
import { type ErrorView, errorView } from './error-view.ts';
import { type WorkerView, workersIn, workerView } from './worker-view.ts';

/** One server as it is now. */
export interface ServerView extends Omit<ServerSnapshot, 'error' | 'tls'> {
  /** Why it does not run; absent when it does. */
  readonly error?: ErrorView;
  /** Its certificates, where connections are encrypted. */
  readonly tls?: CertificateView;
}

/** The certificates of a server as they are now. */
export interface CertificateView extends Omit<TlsSnapshot, 'error'> {
  /** Why what the files hold now is not in use. */
  readonly error?: ErrorView;
}

/** Everything about a cluster at one moment. */
export interface ClusterView extends Omit<ClusterSnapshot, 'servers' | 'error'> {
  /** In the order of the config. */
  readonly servers: readonly ServerView[];
  /** Why `desired` is not `applied`, or why the source failed; absent when all is well. */
  readonly error?: ErrorView;
  /** The processes that serve, by slot; absent where that is one. */
  readonly workers?: readonly WorkerView[];
}

/** Something that is wrong with the file, without the error behind it. */
export interface ProblemView extends Omit<Problem, 'cause'> {}

/** A server whose part of a commit did not go ahead (`commit: 'independent'`). */
export interface RefusalView {
  readonly server: string;
  readonly cause: ErrorView;
  /** What was wrong with its config; empty when preparing it failed. */
  readonly issues: readonly Issue[];
}

/** What became of one config. */
export interface OutcomeView {
  /** The number of the push, from 1. */
  readonly revision: number;
  readonly status: Outcome['status'];
  /** Milliseconds from the push to this outcome. */
  readonly durationMs: number;
  /** What was done, server by server; of `committed` only. */
  readonly changes?: readonly Change[];
  /** Servers that stayed behind; of `committed` only, and empty unless commits are independent. */
  readonly refused?: readonly RefusalView[];
  /** What is not valid; of `rejected` only. */
  readonly issues?: readonly Issue[];
  /** The server that could not be prepared; of `rolledBack` only. */
  readonly server?: string;
  /** Why it could not; of `rolledBack` only. */
  readonly cause?: ErrorView;
  /** Servers that could not be put back; of `rolledBack` only. */
  readonly unrestored?: readonly RefusalView[];
}

export const outcomeView = (outcome: Outcome): OutcomeView => {
  const { revision, status, durationMs } = outcome;
  const head = { revision, status, durationMs: Math.round(durationMs * 10) / 10 };
  switch (outcome.status) {
    case 'committed':
      return { ...head, changes: outcome.plan.changes, refused: outcome.refused.map(refusalView) };
    case 'rejected':
      return { ...head, issues: outcome.issues };
    case 'rolledBack': {
      const { server, cause, unrestored } = outcome;
      return { ...head, server, cause: errorView(cause), unrestored: unrestored.map(refusalView) };
    }
    case 'unchanged':
    case 'superseded':
    case 'cancelled':
      return head;
  }
};

export const problemView = ({ cause: _, ...problem }: Problem): ProblemView => problem;

const refusalView = ({ server, cause, issues }: Refusal): RefusalView => ({ server, cause: errorView(cause), issues });

export const clusterView = (snapshot: ClusterSnapshot): ClusterView => {
  const { servers, error, ...rest } = snapshot;
  const workers = workersIn(snapshot);
  return {
    ...rest,
    ...(workers === undefined ? {} : { workers: workers.map(workerView) }),
    servers: Object.values(servers).map(serverView),
    ...(error === undefined ? {} : { error: errorView(error) }),
  };
};

const certificateView = ({ error, ...tls }: TlsSnapshot): CertificateView => ({
  ...tls,
  ...(error === undefined ? {} : { error: errorView(error) }),
});

const serverView = ({ error, tls, ...server }: ServerSnapshot): ServerView => ({
  ...server,
  ...(error === undefined ? {} : { error: errorView(error) }),
  ...(tls === undefined ? {} : { tls: certificateView(tls) }),
});
