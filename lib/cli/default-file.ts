import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What the name of a configuration file ends with, in the order in which it is looked for: code before data. */
export const DEFAULT_EXTENSIONS: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'];

/** The configuration file of a directory, by its name; `undefined` when there is none. */
export const findDefaultFile = (directory: string): string | undefined =>
  DEFAULT_EXTENSIONS.map((extension) => `sluice.config.${extension}`).find((name) => existsSync(join(directory, name)));
