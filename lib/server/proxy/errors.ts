/** What can become of a request that was passed on, by code: the status its client gets, and what is said of it. */
const FATES = {
  /** No target could be connected to; nothing was sent. */
  ERR_PROXY_UNREACHABLE: { status: 503, text: 'cannot be reached' },
  /** The connection did not stand, or the head of the answer did not come, in time. */
  ERR_PROXY_TIMEOUT: { status: 504, text: 'did not answer in time' },
  /** The connection ended before the head of the answer had come. */
  ERR_PROXY_ENDED: { status: 502, text: 'ended the connection before it answered' },
  /** What came is no HTTP, or more of it than fits. */
  ERR_PROXY_RESPONSE: { status: 502, text: 'did not answer in HTTP' },
  /** The answer broke off: its client is cut off as well. */
  ERR_PROXY_TORN: { status: 502, text: 'broke its answer off' },
  /** All WebSockets that a target may have at once are in use. */
  ERR_PROXY_FULL: { status: 503, text: 'has as many WebSockets as it may' },
  /** Nobody of those who come and go is there. */
  ERR_PROXY_EMPTY: { status: 503, text: 'is ready' },
  /** The request has been passed on by this route before. */
  ERR_PROXY_LOOP: { status: 508, text: 'leads back here' },
  /** The request holds something that cannot be passed on. */
  ERR_PROXY_REQUEST: { status: 400, text: 'cannot be sent this request' },
} as const;

/** What became of a request that was passed on, as a code that does not change. */
export type ProxyErrorCode = keyof typeof FATES;

/** A request could not be passed on, or its answer not be passed back; `cause` has the reason, when there is one. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: ProxyErrorCode;
  /** The target it was about. */
  readonly target: string;
  /** HTTP status its client gets, as long as nothing of an answer is on its way. */
  readonly status: number;
  constructor(code: ProxyErrorCode, target: string, options?: ErrorOptions) {
    super(`${target} ${FATES[code].text}`, options);
    this.code = code;
    this.target = target;
    this.status = FATES[code].status;
  }
}

/** The certificates a proxy should trust cannot be read. */
export class ProxyCaError extends Error {
  override readonly name = 'ProxyCaError';
  readonly code = 'ERR_PROXY_CA';
  readonly hint = "'tls.ca' is PEM text, or the path of a PEM file";
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`the certificates in ${file} cannot be read`, options);
    this.file = file;
  }
}
