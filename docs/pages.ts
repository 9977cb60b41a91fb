import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The pages people read, by their path from the root: `README.md` and every Markdown file below `docs/`. */
export const listPages = (root: string): readonly string[] => [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => posix.join('docs', path.replaceAll('\\', '/')))
    .sort(),
];
