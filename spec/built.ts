import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Refuses to test a build that is missing or older than the sources: its results would be about something else. */
export const requireBuild = (root: string): void => {
  const output = join(root, 'dist/index.js');
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => statSync(join(root, 'lib', path)).mtimeMs);
  if (!existsSync(output) || statSync(output).mtimeMs < Math.max(...sources)) {
    throw new Error('dist is missing or older than lib: `npm run build` first (`npm test` does)');
  }
};
