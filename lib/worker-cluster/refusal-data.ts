import type { Refusal } from '../cluster/outcome.ts';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import { redact, type Secret, type SecretMarks } from '../config/secrets.ts';
import { fromErrorData, toErrorData } from '../workers/error-data.ts';
import type { ErrorData } from '../workers/protocol.ts';
import { WorkerCommitError, type WorkerIdentity } from './errors.ts';
import type { RefusalData } from './messages.ts';

/**
 * Refusals on their way to the primary; without what their servers must not show: a name that leads nowhere may have come
 * from the environment.
 */
export const toRefusalData = (refusals: readonly Refusal[], marks: SecretMarks): readonly RefusalData[] =>
  refusals.map(({ server, cause, issues }) => {
    const secrets = marks[server] ?? [];
    return { server, cause: redacted(toErrorData(cause), secrets), issues };
  });

/** The same error, as it may leave a process: what it says of servers is without what they must not show. */
export const withoutSecrets = (error: Error, marks: SecretMarks): Error =>
  fromErrorData(redacted(toErrorData(error), Object.values(marks).flat()));

const redacted = (data: ErrorData, secrets: readonly Secret[]): ErrorData => {
  if (secrets.length === 0) return data;
  const { message, hint, stack, cause, ...rest } = data;
  return {
    ...rest,
    message: redact(message, secrets),
    ...(hint === undefined ? {} : { hint: redact(hint, secrets) }),
    ...(stack === undefined ? {} : { stack: redact(stack, secrets) }),
    ...(cause === undefined ? {} : { cause: redacted(cause, secrets) }),
  };
};

/** Refusals as the primary tells of them: with the worker that they come from. */
export const fromRefusalData = (worker: WorkerIdentity, refusals: readonly RefusalData[]): readonly Refusal[] =>
  refusals.map(({ server, cause, issues }) => ({
    server,
    cause: new WorkerCommitError(worker, fromErrorData(cause)),
    issues,
  }));

/** A refusal that is about a worker as a whole. */
export const refusalOf = (worker: WorkerIdentity, cause: Error): Refusal => ({
  server: '',
  cause: new WorkerCommitError(worker, cause),
  issues: [],
});

/** What is not valid, server by server. Pure. */
export const refusalsOf = (issues: readonly Issue[]): readonly Refusal[] => {
  const servers = new Set(issues.map(({ server = '' }) => server));
  return [...servers].map((server) => {
    const own = issues.filter((issue) => (issue.server ?? '') === server);
    return { server, cause: new ConfigError(own), issues: own };
  });
};

/** Each server once, by the first who named it. Pure. */
export const oncePerServer = (refusals: readonly Refusal[]): readonly Refusal[] =>
  [...new Map([...refusals].reverse().map((refusal) => [refusal.server, refusal])).values()].reverse();
