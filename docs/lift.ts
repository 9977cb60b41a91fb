// Copies the marked parts of the examples into README.md and the pages below docs/, and what `--json` prints into its page:
// `npm run docs`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePage } from './json-events.ts';
import { liftBlocks } from './lifted.ts';
import { listPages } from './pages.ts';

// What is printed as JSON first: its page is one of those below.
writePage();

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

for (const page of listPages(root)) {
  const before = read(page);
  const after = liftBlocks(before, read);
  if (after === before) continue;
  writeFileSync(join(root, page), after);
  console.log(`${page} follows the examples again`);
}
