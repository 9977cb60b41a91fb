/** What a request to the control API cannot have: with the HTTP status it is answered with. */
export class ControlError extends Error {
  override readonly name: string = 'ControlError';
  readonly status: ControlStatus;
  readonly code: string;
  readonly hint: string;
  constructor(status: ControlStatus, code: string, message: string, hint: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export type ControlStatus = 400 | 401 | 403 | 404 | 409 | 412 | 415 | 422 | 428 | 429 | 503;

/** An order names a server that no config has. */
export class UnknownServerError extends ControlError {
  override readonly name = 'UnknownServerError';
  readonly server: string;
  constructor(server: string, near: string | undefined, known: readonly string[]) {
    const shown = known.slice(0, 10).join(', ') + (known.length > 10 ? ` and ${known.length - 10} more` : '');
    const names = known.length === 0 ? 'there are no servers' : `servers are ${shown}`;
    super(
      404,
      'ERR_UNKNOWN_SERVER',
      `there is no server ${JSON.stringify(server)}`,
      near === undefined ? names : `did you mean ${near}?`,
    );
    this.server = server;
  }
}

/** Another revision is in force than the one an order starts from. */
export class StaleRevisionError extends ControlError {
  override readonly name = 'StaleRevisionError';
  readonly seen: number;
  readonly applied: number;
  constructor(seen: number, applied: number) {
    super(
      412,
      'ERR_STALE_REVISION',
      `revision ${seen} is not in force any more: ${applied} is`,
      'look at what runs now, and try again',
    );
    this.seen = seen;
    this.applied = applied;
  }
}

/** The directory of control sockets is not private, or not ours. */
export class ControlDirectoryError extends Error {
  override readonly name = 'ControlDirectoryError';
  readonly code = 'ERR_CONTROL_DIRECTORY';
  readonly directory: string;
  readonly hint: string;
  constructor(directory: string, message: string, hint: string, options?: ErrorOptions) {
    super(`${directory} ${message}`, options);
    this.directory = directory;
    this.hint = hint;
  }
}
