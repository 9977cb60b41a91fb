import type { ModulePosition } from './errors.ts';

/** An import on its way, or done. */
export interface ModuleImport {
  /** What the module exports. Rejects with what it threw; pending for as long as its top-level `await` is. */
  readonly exports: Promise<unknown>;
  /**
   * What stood in every file of the project that had a part in it so far, by full path; `undefined` for a file that
   * was imported and does not exist.
   */
  readonly sources: ReadonlyMap<string, string | undefined>;
  /** Where in these files an error was made, now or later. */
  thrownAt(cause: unknown): ModulePosition | undefined;
}
