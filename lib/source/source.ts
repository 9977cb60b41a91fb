import type { Observable } from 'rxjs';
import type { Position } from '../config/place.ts';
import type { ClusterConfig, CommitMode, Strategy } from '../config/server-config.ts';
import type { WorkersConfig } from '../config/workers-config.ts';

/**
 * What can be wrong with a source:
 *
 * - `ERR_SOURCE_MISSING`: there is no such file.
 * - `ERR_SOURCE_UNREADABLE`: it exists and cannot be read.
 * - `ERR_SOURCE_NOT_A_FILE`: a directory, a pipe, a device.
 * - `ERR_SOURCE_TOO_LARGE`: more than 1 MiB.
 * - `ERR_SOURCE_FORMAT`: its name does not say what it is.
 * - `ERR_SOURCE_ENCODING`: not UTF-8.
 * - `ERR_SOURCE_EMPTY`: nothing in it.
 * - `ERR_SOURCE_SYNTAX`: it cannot be parsed.
 * - `ERR_SOURCE_DUPLICATE_KEY`: one key twice in one object.
 * - `ERR_SOURCE_TOO_DEEP`: nested more than 100 levels.
 * - `ERR_SOURCE_IMPORT`: a module threw while it was imported, or its function did.
 * - `ERR_SOURCE_TIMEOUT`: a module, or its function, did not finish in time; or a server did not answer in time.
 * - `ERR_SOURCE_EXPORT`: a module exports nothing that could be a configuration.
 * - `ERR_SOURCE_STREAM`: the stream a module exports failed.
 * - `ERR_SOURCE_SILENT`: the stream a module exports gave nothing.
 * - `ERR_SOURCE_UNREACHABLE`: the server of a URL cannot be asked.
 * - `ERR_SOURCE_STATUS`: it answered with a status that brings no content.
 * - `ERR_SOURCE_REDIRECT`: it redirects too often, or to where it cannot be followed.
 * - `ERR_SOURCE_ENV`: it names a variable of the environment that is not there, or something that is no variable.
 * - `ERR_LAST_GOOD`: the configuration that was kept cannot be used.
 * - `ERR_CONFIG`: it was read, and what it says is not a valid configuration.
 */
export type ProblemCode =
  | 'ERR_SOURCE_MISSING'
  | 'ERR_SOURCE_UNREADABLE'
  | 'ERR_SOURCE_NOT_A_FILE'
  | 'ERR_SOURCE_TOO_LARGE'
  | 'ERR_SOURCE_FORMAT'
  | 'ERR_SOURCE_ENCODING'
  | 'ERR_SOURCE_EMPTY'
  | 'ERR_SOURCE_SYNTAX'
  | 'ERR_SOURCE_DUPLICATE_KEY'
  | 'ERR_SOURCE_TOO_DEEP'
  | 'ERR_SOURCE_IMPORT'
  | 'ERR_SOURCE_TIMEOUT'
  | 'ERR_SOURCE_EXPORT'
  | 'ERR_SOURCE_STREAM'
  | 'ERR_SOURCE_SILENT'
  | 'ERR_SOURCE_UNREACHABLE'
  | 'ERR_SOURCE_STATUS'
  | 'ERR_SOURCE_REDIRECT'
  | 'ERR_SOURCE_ENV'
  | 'ERR_LAST_GOOD'
  | 'ERR_CONFIG';

/** One thing that is wrong with a source, as data. */
export interface Problem extends Partial<Position> {
  readonly code: ProblemCode;
  /** The file as it was named, or the module it imported where the mistake is. */
  readonly file: string;
  /** One sentence for people, lower case, no full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** The server it belongs to, when it is about one. */
  readonly server?: string;
  /** Where inside that server's config, or inside the file when `server` is absent. */
  readonly path?: string;
  /** The error behind it, when there is one. */
  readonly cause?: unknown;
}

/** A configuration that was read and can be run. */
export interface LoadedEvent {
  readonly type: 'loaded';
  readonly file: string;
  readonly servers: ClusterConfig;
  readonly commit?: CommitMode;
  readonly strategy?: Strategy;
  /** How many processes are to serve it; then names in `servers` may stand for code, which those load. */
  readonly workers?: WorkersConfig;
  /** When it was kept, ISO 8601, UTC; only of a configuration that `resumeLastGood` has taken from disk. */
  readonly keptAt?: string;
  /** What is wrong with servers that will stay behind; only with `commit: 'independent'` there can be any. */
  readonly problems: readonly Problem[];
}

/** What was read cannot be used; the last good configuration is still the one to run. */
export interface FailedEvent {
  readonly type: 'failed';
  readonly file: string;
  readonly problems: readonly [Problem, ...Problem[]];
}

/** One look at a source that found something new. */
export type SourceEvent = LoadedEvent | FailedEvent;

/**
 * Where configurations come from.
 *
 * Cold: each subscription opens the place, reads at once and then follows it; unsubscribing lets go of it.
 * A configuration that is broken is an event like a good one. A source never errors, so what reads it never has to
 * be started again; it completes when nothing more can come.
 */
export type Source = Observable<SourceEvent>;
