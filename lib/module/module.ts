import { readFile, stat } from 'node:fs/promises';
import { extname, relative, resolve } from 'node:path';
import { defer, from, type Observable, throwError, timeout } from 'rxjs';
import { ModuleLoadError, type ModulePosition, ModuleTimeoutError } from './errors.ts';
import { exportOf } from './exported.ts';
import { importFirst } from './first-import.ts';
import { importFresh } from './jiti/jiti.ts';
import type { ModuleImport } from './module-import.ts';
import { importReason } from './reason.ts';

/** How a module is loaded. */
export interface LoadModuleOptions {
  /** Milliseconds the import may take; 10 000 by default. Code that never gives way cannot be timed. */
  readonly deadlineMs?: number;
  /** The export that must be there; without it any module will do. */
  readonly export?: string;
}

/** A module that was imported. */
export interface LoadedModule {
  /** Everything it exports. */
  readonly exports: unknown;
  /** The export that was asked for, or else the default export; `undefined` when there is no default export. */
  readonly exported: unknown;
  /**
   * What stood in every file of the project that had a part in it, by full path; `undefined` for one that was imported
   * and does not exist. Whoever loads it again when one of them changes is up to date. The module alone where Node was
   * let import it.
   */
  readonly sources: ReadonlyMap<string, string | undefined>;
}

/** Long enough for a module that asks a slow service at import, short enough for somebody who waits at a prompt. */
export const MODULE_DEADLINE_MS = 10_000;

/** What can be imported as code. */
const EXTENSIONS: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/**
 * Loads code by path: a TypeScript or JavaScript module.
 *
 * Cold: every subscription imports it anew, with the project files it imports (packages keep the instance they have),
 * emits once and completes. Unsubscribing ignores what comes of an import under way, which nothing can stop.
 *
 * Errors with `ModuleLoadError` (missing, not to be compiled, threw while it was imported, no such export) or
 * `ModuleTimeoutError` (a top-level `await` that outlasts the deadline); both name the path as it was given.
 *
 * @param path - relative to the working directory.
 */
export const loadModule = (path: string, options: LoadModuleOptions = {}): Observable<LoadedModule> => {
  const { deadlineMs = MODULE_DEADLINE_MS, export: name } = options;
  return defer(() => from(load(path, name))).pipe(
    timeout({ first: deadlineMs, with: () => throwError(() => new ModuleTimeoutError(path, deadlineMs)) }),
  );
};

/**
 * Imports a TypeScript or JavaScript module anew, from a text that was read already.
 *
 * @param file - full path.
 * @param text - what stands in it, so that what was compared is what runs.
 */
export const importModule = (file: string, text: string): ModuleImport => importFresh(file, text);

const load = async (path: string, name: string | undefined): Promise<LoadedModule> => {
  const file = resolve(path);
  const text = await read(path, file);
  const { exports, sources } = await importText(path, file, text);
  const exported = exportOf(exports, name ?? 'default');
  if (name !== undefined && exported === undefined) {
    const what = name === 'default' ? 'has no default export' : `has no export named ${name}`;
    throw new ModuleLoadError(path, `it ${what}`, { hint: 'check the name, and that it is exported' });
  }
  return { exports, exported, sources };
};

const importText = async (
  path: string,
  file: string,
  text: string,
): Promise<Pick<LoadedModule, 'exports' | 'sources'>> => {
  const first = await importFirst(file);
  if (first !== undefined) return { exports: first.exports, sources: new Map([[file, text]]) };
  const module = importModule(file, text);
  try {
    return { exports: await module.exports, sources: module.sources };
  } catch (cause) {
    const { message, hint } = importReason(cause);
    const position = shown(module.thrownAt(cause));
    throw new ModuleLoadError(path, message, { cause, hint, ...(position === undefined ? {} : { position }) });
  }
};

const read = async (path: string, file: string): Promise<string> => {
  if (!EXTENSIONS.has(extname(file).toLowerCase())) {
    throw new ModuleLoadError(path, 'its name is not that of a module', {
      hint: `name it ${[...EXTENSIONS].join(', ')}`,
    });
  }
  try {
    // Opening a pipe waits for a writer, for ever if need be.
    if ((await stat(file)).isFile()) return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new ModuleLoadError(path, missing ? 'there is no such file' : `it cannot be read (${code})`, {
      cause,
      hint: missing ? 'check the path' : 'let the user that runs this read the file and its directories',
    });
  }
  throw new ModuleLoadError(path, 'it is not a regular file', { hint: 'name the module itself' });
};

/** With the path that people know from where they stand. */
const shown = (position: ModulePosition | undefined): ModulePosition | undefined =>
  position === undefined ? undefined : { ...position, file: relative(process.cwd(), position.file) };
