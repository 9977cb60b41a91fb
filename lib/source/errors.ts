import { oneLine } from '../config/received.ts';

/** What is known of a kept configuration besides its path and what is wrong. */
export interface LastGoodErrorOptions extends ErrorOptions {
  readonly hint?: string;
}

/** The last good configuration cannot be kept, or what was kept cannot be used. */
export class LastGoodError extends Error {
  override readonly name = 'LastGoodError';
  readonly code = 'ERR_LAST_GOOD';
  /** The file it is kept in. */
  readonly path: string;
  readonly hint: string;

  constructor(path: string, reason: string, options: LastGoodErrorOptions = {}) {
    const { hint = 'check the file and its directory', ...rest } = options;
    super(`the last good config in ${path}: ${reason}`, rest);
    this.path = path;
    this.hint = hint;
  }
}

/** A configuration holds code, or something else that JSON cannot say, and so cannot be kept. */
export class NotDataError extends Error {
  override readonly name = 'NotDataError';
  readonly code = 'ERR_NOT_DATA';
  /** Where: `servers.web.app`; empty for the whole. */
  readonly path: string;
  readonly hint = 'only configurations that are data can be kept: name apps and handlers by module path';

  constructor(path: string, options?: ErrorOptions) {
    super(`${path === '' ? 'the configuration' : path} is no data`, options);
    this.path = path;
  }
}

/** Data names an app, a handler or middleware that nobody registered under that name. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError';
  readonly code = 'ERR_UNKNOWN_NAME';
  /** The name that stood in the data. */
  readonly reference: string;
  readonly hint: string;

  constructor(kind: string, reference: string, near: string | undefined, options?: ErrorOptions) {
    super(`there is no ${kind} named ${oneLine(reference)}`, options);
    this.reference = reference;
    this.hint = near === undefined ? 'register it, or start the path of a module with ./' : `did you mean '${near}'?`;
  }
}
