import type { Observable } from 'rxjs';
import type { ClusterConfig, CommitMode, Strategy } from './server-config.ts';

/** The content of a config file. */
export interface ConfigFile {
  /** Where an editor finds the JSON Schema; ignored. */
  readonly $schema?: string;
  /** The servers by id; `null` stands for one that is not there. */
  readonly servers: ClusterConfig;
  /** All or nothing, or every server for itself; `'atomic'` by default. */
  readonly commit?: CommitMode;
  /** How changed servers are replaced, unless they say themselves; `'hot-swap'` by default. */
  readonly strategy?: Strategy;
}

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
