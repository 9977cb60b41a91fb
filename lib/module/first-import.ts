import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What Node reads without anybody's help. */
const NATIVE: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs']);

let enabled = false;
/** Full paths of modules that were imported by Node already: it would give the same instance again. */
const imported = new Set<string>();

/**
 * From now on this process has Node import what it can read when it is asked for the first time; whatever is asked for
 * again is imported anew, as ever.
 *
 * For a process that was started for it, and in which nothing is out of date yet: compiling a module so that it can be
 * imported anew takes 100 ms and more for the first one.
 */
export const letNodeImportFirst = (): void => {
  enabled = true;
};

/**
 * The exports of a module that Node can import for the first time; `undefined` where it is not for Node, or fails: then
 * the other way tells better what is wrong.
 *
 * @param file - full path.
 */
export const importFirst = async (file: string): Promise<{ readonly exports: unknown } | undefined> => {
  if (!enabled || imported.has(file) || !NATIVE.has(extname(file).toLowerCase())) return undefined;
  imported.add(file);
  try {
    return { exports: await import(pathToFileURL(file).href) };
  } catch {
    return undefined;
  }
};
