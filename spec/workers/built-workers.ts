import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireBuild } from '../built.ts';

const root = join(import.meta.dirname, '../..');

/** A file of `dist`, for what has no door. */
export const builtFile = (path: string): string => {
  requireBuild(root);
  return pathToFileURL(join(root, 'dist', path)).href;
};

/** `sluice/workers` as it is built: processes are started from files that Node can run. */
export const builtWorkers = async (): Promise<typeof import('../../lib/workers.ts')> => import(builtFile('workers.js'));
