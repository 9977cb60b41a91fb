import type { Observable } from 'rxjs';
import type { NamedClusterConfig } from './named-config.ts';
import type { ClusterConfig, CommitMode, Strategy } from './server-config.ts';
import type { WorkersConfig } from './workers-config.ts';

interface FileSettings {
  /** Where an editor finds the JSON Schema; ignored. */
  readonly $schema?: string;
  /** All or nothing, or every server for itself; `'atomic'` by default. */
  readonly commit?: CommitMode;
  /** How changed servers are replaced, unless they say themselves; `'hot-swap'` by default. */
  readonly strategy?: Strategy;
}

/** The content of a config file whose servers run in one process. */
export interface SingleConfigFile extends FileSettings {
  /** The servers by id; `null` stands for one that is not there. */
  readonly servers: ClusterConfig;
  readonly workers?: never;
}

/** The content of a config file whose servers run in several processes. */
export interface WorkersConfigFile extends FileSettings {
  /**
   * The servers by id; `null` stands for one that is not there. They are data: code is named (`app: './app.ts'`), and
   * every worker loads it.
   */
  readonly servers: NamedClusterConfig;
  /** How many processes, or everything about them. Read by `sluice run`. */
  readonly workers: WorkersConfig;
}

/** The content of a config file. */
export type ConfigFile = SingleConfigFile | WorkersConfigFile;

/** One config, or a stream of them: each replaces the one before. */
export type ConfigStream = ConfigFile | Observable<ConfigFile> | AsyncIterable<ConfigFile>;

/** What a config file written in code may export as its default. */
export type ConfigInput = ConfigStream | Promise<ConfigStream> | (() => ConfigStream | Promise<ConfigStream>);

/**
 * Gives a config file written in code its types. It returns what it was given, with the type it was given in.
 *
 * @example
 * ```ts
 * import { defineConfig } from 'sluice';
 *
 * export default defineConfig({
 *   servers: { api: { listen: '127.0.0.1:8080', app: () => new Response('hello') } },
 * });
 * ```
 */
export const defineConfig = <const Input extends ConfigInput>(input: Input): Input => input;
