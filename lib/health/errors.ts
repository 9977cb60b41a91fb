/**
 * Why a check failed:
 *
 * - `ERR_HEALTH_TIMEOUT`: it took longer than `timeoutMs`.
 * - `ERR_HEALTH_REFUSED`: nobody listens there.
 * - `ERR_HEALTH_CONNECTION`: the connection failed, or ended before there was an answer.
 * - `ERR_HEALTH_STATUS`: the answer has another status than those that are well.
 * - `ERR_HEALTH_BODY`: the answer lacks the text it should contain.
 * - `ERR_HEALTH_CHECK`: an own function answered `false`, or threw what is no error; `cause` has it.
 */
export type HealthCheckErrorCode =
  | 'ERR_HEALTH_TIMEOUT'
  | 'ERR_HEALTH_REFUSED'
  | 'ERR_HEALTH_CONNECTION'
  | 'ERR_HEALTH_STATUS'
  | 'ERR_HEALTH_BODY'
  | 'ERR_HEALTH_CHECK';

const HINTS: Partial<Readonly<Record<HealthCheckErrorCode, string>>> = {
  ERR_HEALTH_TIMEOUT: 'the server is too busy, or hangs; raise `health.timeoutMs` if it may take that long',
  ERR_HEALTH_BODY: '`health.http.body` says which text; it has to be in the first 64 KiB',
  ERR_HEALTH_STATUS: '`health.http.status` says which are well; redirects are not followed',
};

/** A check found that a server is not well. What an own check throws is kept as it is, and is none of these. */
export class HealthCheckError extends Error {
  override readonly name = 'HealthCheckError';
  readonly code: HealthCheckErrorCode;
  readonly hint: string | undefined;
  constructor(code: HealthCheckErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = HINTS[code];
  }
}
