/** A handler answered with something that is no `Response`, most often with nothing. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';
  readonly code = 'ERR_NO_RESPONSE';
  readonly hint = 'every path of a handler has to return a Response';
  constructor() {
    super('the handler returned no Response');
  }
}

/** A server's app could not be built from its config. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code = 'ERR_APP';
  readonly server: string;
  constructor(server: string, options?: ErrorOptions) {
    super(`the app of server ${server} cannot be built`, options);
    this.server = server;
  }
}

/** The directory of a `files` route cannot be served. */
export class FilesRootError extends Error {
  override readonly name = 'FilesRootError';
  readonly code = 'ERR_FILES_ROOT';
  /** The directory, as a full path. */
  readonly path: string;
  readonly hint = 'check the path, and that the user who runs this may read it';
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`the directory ${path} cannot be served: ${reason}`, options);
    this.path = path;
  }
}

/** A field of a server-sent event would be read as another one, or as none. */
export class EventFieldError extends Error {
  override readonly name = 'EventFieldError';
  readonly code = 'ERR_EVENT_FIELD';
  /** `event`, `id`, `retry` or `data`. */
  readonly field: string;
  readonly hint = 'event and id are one line, retry is a whole number, data is a text or what JSON can say';
  constructor(field: string, options?: ErrorOptions) {
    super(`a server-sent event cannot have this ${field}`, options);
    this.field = field;
  }
}
