const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process or server holds it; `ss -ltnp` names it',
  EACCES: 'ports below 1024 need a privilege this process does not have',
  EADDRNOTAVAIL: 'no interface of this machine has that address',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'no name server answers; write an IP address',
  EMFILE: 'the limit of open files is reached; raise `ulimit -n`',
  ENAMETOOLONG: 'socket paths end at 107 bytes',
};

/** What differs for unix sockets. */
const UNIX_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process or server holds it; `ss -lxp` names it',
  /** What libuv says of a directory that is not there, too. */
  EACCES: 'the directory of the socket does not exist, or this process may not write to it',
};

const hintFor = (errno: string, address: string): string | undefined =>
  (address.startsWith('unix:') ? UNIX_HINTS[errno] : undefined) ?? HINTS[errno];

/** What is known of a failed bind besides its cause. */
export interface BindErrorOptions extends ErrorOptions {
  /** What to do about it; by default what is usual for the system's word. */
  readonly hint?: string;
}

const codeOf = (cause: unknown): string | undefined => {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
};

/** An address could not be taken; `errno` is the system's word for it (`EADDRINUSE`, `EACCES` …). */
export class BindError extends Error {
  override readonly name = 'BindError';
  readonly code = 'ERR_BIND';
  readonly address: string;
  readonly errno: string | undefined;
  readonly hint: string | undefined;
  constructor(address: string, options?: BindErrorOptions) {
    const errno = codeOf(options?.cause);
    super(`cannot bind ${address}${errno === undefined ? '' : `: ${errno}`}`, options);
    this.address = address;
    this.errno = errno;
    this.hint = options?.hint ?? (errno === undefined ? undefined : hintFor(errno, address));
  }
}

/** A listening socket failed after it was bound. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
  readonly code = 'ERR_LISTENER';
  readonly address: string;
  constructor(address: string, options?: ErrorOptions) {
    super(`the socket listening on ${address} failed`, options);
    this.address = address;
  }
}

const PROBE_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'this process may not connect to it',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'no name server answers; write an IP address',
  ETIMEDOUT: 'a firewall may swallow what is sent there; `timeoutMs` says how long to wait',
};

/** Whether somebody listens on an address could not be told; `errno` is the system's word for why, if it has one. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  readonly code = 'ERR_PROBE';
  readonly address: string;
  readonly errno: string | undefined;
  readonly hint: string | undefined;
  constructor(address: string, reason: string, options?: ErrorOptions & { readonly hint?: string | undefined }) {
    super(`cannot tell whether somebody listens on ${address}: ${reason}`, options);
    this.address = address;
    this.errno = codeOf(options?.cause);
    this.hint = options?.hint ?? PROBE_HINTS[this.errno ?? ''];
  }
}

/** This Node has not got what it takes to share a listening socket between processes. */
export class UnsupportedSharingError extends Error {
  override readonly name = 'UnsupportedSharingError';
  readonly code = 'ERR_SHARING_UNSUPPORTED';
  readonly hint = "write `sharing: 'round-robin'`, which needs nothing of the kind";
  constructor(options?: ErrorOptions) {
    super(`listening sockets cannot be shared between processes by Node ${process.versions.node}`, options);
  }
}
