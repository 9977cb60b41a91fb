import type { Logger } from '../../log/logger.ts';
import { reasonOf } from '../http/refuse.ts';
import type { Asked } from '../http/reply.ts';
import { reportFailure } from '../http/request-error.ts';
import type { ProxyError } from './errors.ts';

/** Who says what of failures: one line in the log, and to the client a status and the id of that line. */
export interface Reporter {
  readonly server: string;
  readonly logger: Logger;
  /** Seconds after which asking again may help. */
  retryAfter(): number;
}

/** A short answer in place of one that did not come. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The same line for debugging only. */
const quietly = (logger: Logger): Logger => ({
  error: (...line) => logger.debug(...line),
  warn: (...line) => logger.debug(...line),
  info: (...line) => logger.debug(...line),
  debug: (...line) => logger.debug(...line),
});

/** Writes the line; returns the id in it. */
export const report = (
  error: ProxyError,
  { server, logger }: Reporter,
  asked: Asked,
  headersWritten: boolean,
): string => {
  const failure = { error, server, incoming: asked, moot: false, headersWritten };
  // That nobody is there was told once: it may last, and be asked for by many.
  return reportFailure(failure, error.code === 'ERR_PROXY_EMPTY' ? quietly(logger) : logger);
};

/** Reports a failure and says what its client gets. */
export const refusalOf = (error: ProxyError, reporter: Reporter, asked: Asked): Refusal => {
  const body = reasonOf(error.status);
  const headers = {
    'content-type': 'text/plain; charset=UTF-8',
    'content-length': String(body.length),
    'x-request-id': report(error, reporter, asked, false),
  };
  const { status } = error;
  return {
    status,
    headers: status === 503 ? { ...headers, 'retry-after': String(reporter.retryAfter()) } : headers,
    body,
  };
};
