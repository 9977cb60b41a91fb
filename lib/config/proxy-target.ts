import { formatAddress, parseAddress } from './address.ts';
import type { Wording } from './wording.ts';

/** The forms of a target, for messages. */
export const TARGET_FORMS = "a target like 'http://127.0.0.1:3000', 'https://app.internal' or 'unix:/run/app.sock'";

/** Where requests are passed on to. */
export interface ProxyTarget {
  /** One text for each target, however it was written. */
  readonly name: string;
  /** Scheme, host and port; `http://localhost` for a socket. */
  readonly origin: string;
  readonly isEncrypted: boolean;
  /** What `Host` says to it. */
  readonly host: string;
  /** Host without port and brackets. */
  readonly hostname: string;
  readonly socketPath: string | undefined;
}

/** A target, or what is wrong with its text. */
export type TargetResult = { readonly ok: true; readonly target: ProxyTarget } | ({ readonly ok: false } & Wording);

const refuse = (message: string, hint?: string): TargetResult => ({
  ok: false,
  expected: TARGET_FORMS,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/**
 * Reads a target: an http or https URL of nothing but host and port, or a unix socket by its absolute path.
 *
 * Paths have a place of their own (`rewrite`), users and passwords would end up in logs.
 */
export const parseTarget = (text: string): TargetResult => {
  if (text.startsWith('unix:')) return parseSocket(text);
  if (!/^https?:\/\/[^\s\p{Cc}\\]+$/iu.test(text) || !URL.canParse(text)) return refuse('is no target');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return refuse('must not hold a user or a password');
  if (url.search !== '' || url.hash !== '' || url.pathname !== '/') {
    return refuse('is host and port only', "write the path into 'rewrite'");
  }
  if (url.port === '0') return refuse('needs a port that somebody can listen on');
  return {
    ok: true,
    target: {
      name: url.origin,
      origin: url.origin,
      isEncrypted: url.protocol === 'https:',
      host: url.host,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      socketPath: undefined,
    },
  };
};

const parseSocket = (text: string): TargetResult => {
  const result = parseAddress(text);
  if (!result.ok) return refuse(result.message, result.hint);
  if (result.address.kind !== 'unix') return refuse('is no target');
  return {
    ok: true,
    target: {
      name: formatAddress(result.address),
      origin: 'http://localhost',
      isEncrypted: false,
      host: 'localhost',
      hostname: 'localhost',
      socketPath: result.address.path,
    },
  };
};
