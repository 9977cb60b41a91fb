/** A place in one of the files that were imported. */
export interface ModulePosition {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** A module that cannot be compiled, and where. */
export class ModuleSyntaxError extends Error {
  override readonly name = 'ModuleSyntaxError';
  readonly code = 'ERR_MODULE_SYNTAX';
  readonly position: ModulePosition;
  constructor(message: string, position: ModulePosition) {
    super(message);
    this.position = position;
  }
}

/** What is known of a module that could not be loaded besides its path. */
export interface ModuleLoadErrorOptions extends ErrorOptions {
  readonly hint?: string;
  readonly position?: ModulePosition;
}

/**
 * A module cannot be loaded: it is missing, cannot be compiled, threw while it was imported, or lacks the export that
 * was asked for.
 */
export class ModuleLoadError extends Error {
  override readonly name = 'ModuleLoadError';
  readonly code = 'ERR_MODULE_LOAD';
  /** The module as it was named. */
  readonly path: string;
  /** Where it went wrong, in this module or in one that it imports. */
  readonly position: ModulePosition | undefined;
  readonly hint: string | undefined;

  constructor(path: string, reason: string, options: ModuleLoadErrorOptions = {}) {
    const { hint, position, ...rest } = options;
    const at =
      position === undefined ? '' : ` (${[position.file, position.line, position.column].filter(Boolean).join(':')})`;
    super(`cannot load the module ${path}: ${reason}${at}`, rest);
    this.path = path;
    this.position = position;
    this.hint = hint;
  }
}

/** A module did not finish its import in time. */
export class ModuleTimeoutError extends Error {
  override readonly name = 'ModuleTimeoutError';
  readonly code = 'ERR_MODULE_TIMEOUT';
  /** The module as it was named. */
  readonly path: string;
  readonly deadlineMs: number;
  readonly hint = 'look for an await at its top level that never ends';

  constructor(path: string, deadlineMs: number, options?: ErrorOptions) {
    super(`the module ${path} was not ready within ${deadlineMs} ms`, options);
    this.path = path;
    this.deadlineMs = deadlineMs;
  }
}
