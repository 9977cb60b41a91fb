import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(root, 'lib', path), 'utf8'));

/** The codes that a text has where the pattern says. */
const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].flatMap(([, code]) => (code === undefined ? [] : [code]));

const ofClasses = new Set(sources.flatMap((text) => codesIn(text, /\bcode(?::[^=;\n]*)? = '(ERR_[A-Z_]+)'/g)));
const inLib = new Set(sources.flatMap((text) => codesIn(text, /'(ERR_[A-Z_]+)'/g)));
const onPage = new Set(codesIn(page, /`(ERR_[A-Z_]+)`/g));

// Becomes an outcome before anybody sees it.
const internal = new Set(['ERR_UNPREPARED']);

test('every error class with a code of its own is on the page about errors', () => {
  expect(ofClasses).toContain('ERR_WORKER_COMMIT');
  expect([...ofClasses].filter((code) => !internal.has(code) && !onPage.has(code))).toEqual([]);
});

test('the page about errors has no code that nothing in lib has', () => {
  expect([...onPage].filter((code) => !inLib.has(code))).toEqual([]);
});
