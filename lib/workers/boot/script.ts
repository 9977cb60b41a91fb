import { readFile, realpath } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/**
 * Imports a module: as Node does, where it can, otherwise with what compiles TypeScript, which is loaded only then.
 *
 * As with what Node itself is told to run, links are followed first: what a release imports is of that release, also when
 * the link is moved meanwhile. Not every loader does so.
 *
 * @param given - an absolute path.
 */
export const importScript = async (given: string): Promise<void> => {
  // One that is not there is told of by the import.
  const path = await realpath(given).catch(() => given);
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    if (!isNotForNode(error)) throw error;
    // Nothing has run yet: Node looks at all files of a graph before it runs the first.
    const { importModule } = await import('../../module/module.ts');
    await importModule(path, await readFile(path, 'utf8')).exports;
  }
};

/** A file of the graph is TypeScript, and neither this Node nor a loader of its options reads that. */
const isNotForNode = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
