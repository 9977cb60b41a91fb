import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/**
 * Imports a module: as Node does, where it can, otherwise with what compiles TypeScript, which is loaded only then.
 *
 * @param path - absolute.
 */
export const importScript = async (path: string): Promise<void> => {
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
