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
