import { extname } from 'node:path';
import type { Fault } from './fault.ts';

/** How a file is read: as data, or as a module that is imported and run. */
export type Format = 'json' | 'yaml' | 'module';

const FORMATS: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.ts': 'module',
  '.mts': 'module',
  '.cts': 'module',
  '.js': 'module',
  '.mjs': 'module',
  '.cjs': 'module',
};

/** The format a file's name stands for. Contents are never guessed at: one of the formats is run, not read. */
export const formatOf = (file: string): Format | undefined => FORMATS[extname(file).toLowerCase()];

export const UNKNOWN_FORMAT = {
  code: 'ERR_SOURCE_FORMAT',
  message: 'the name does not say what kind of file this is',
  hint: 'name it .json, .yaml, .yml, .ts, .mts, .js or .mjs',
} as const satisfies Fault;

export const NOT_A_PATH = {
  code: 'ERR_SOURCE_FORMAT',
  message: 'this is a URL, and only files are read',
  hint: 'download it, and name the file',
} as const satisfies Fault;
