import * as v from 'valibot';
import { filesDefaults } from './files-config.ts';
import { segmentsBeforeRest } from './route-rest.ts';
import { type Check, shape } from './shape.ts';
import { shortForm } from './short-form.ts';
import { wording } from './wording.ts';

const PATH = 'the path of a directory';

const root = v.pipe(
  v.string(wording(PATH)),
  v.metadata({
    description: 'The directory, relative to the file that names it. What is not inside it is never read.',
    examples: ['./public'],
  }),
  v.minLength(1, wording(PATH, '', "write '.' for the directory itself")),
  v.maxLength(4_096, wording(`${PATH} of at most 4096 characters`)),
  v.check((path) => !path.includes('\0'), wording(PATH)),
);

/** Steps downwards only; the jail would refuse anything else at every request, and here somebody learns of it. */
const isInside = (path: string): boolean =>
  !/[\0\\]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const FILE_NAME = 'the name of a file';
const fileName = v.pipe(
  v.string(wording(`${FILE_NAME}, or false for none`)),
  v.check((name) => !name.includes('/') && isInside(name), wording(`${FILE_NAME}, without a directory`)),
);

const INSIDE = 'the path of a file inside the root, relative to it';

const settings = shape('files', {
  root,
  index: v.optional(
    v.pipe(
      v.union([v.literal(false), fileName], wording(`${FILE_NAME}, or false for none`)),
      v.metadata({
        description: 'The file that stands for a directory; false for none.',
        default: filesDefaults.index,
        examples: ['index.html', false],
      }),
    ),
  ),
  dotfiles: v.optional(
    v.pipe(
      v.picklist(['ignore', 'allow'], wording("'ignore' or 'allow'")),
      v.metadata({
        description: 'Whether paths with a segment that begins with a dot are answered.',
        default: filesDefaults.dotfiles,
      }),
    ),
  ),
  precompressed: v.optional(
    v.pipe(
      v.boolean(wording('true or false')),
      v.metadata({
        description: 'Whether app.js.br, .zst and .gz are sent in the place of app.js to those who accept them.',
        default: filesDefaults.precompressed,
      }),
    ),
  ),
  cacheControl: v.optional(
    v.pipe(
      v.string(wording('a text')),
      v.metadata({
        description: 'The Cache-Control of files; none by default.',
        examples: ['public, max-age=31536000, immutable', 'no-cache'],
      }),
      v.regex(/^[\x20-\x7e]{1,256}$/, wording('a text of 1 to 256 printable ASCII characters')),
    ),
  ),
  fallback: v.optional(
    v.pipe(
      v.string(wording(INSIDE)),
      v.metadata({
        description: 'A file inside the root that browsers get in the place of a page that does not exist.',
        examples: ['index.html'],
      }),
      v.check(isInside, wording(INSIDE)),
    ),
  ),
  missing: v.optional(
    v.pipe(
      v.picklist(['respond', 'next'], wording("'respond' or 'next'")),
      v.metadata({
        description: 'What happens to a path with no file: a 404, or the next route.',
        default: filesDefaults.missing,
      }),
    ),
  ),
});

/** Files of a directory: its path alone, or an object that says more. */
export const filesSchema = v.pipe(
  shortForm(root, settings, wording(`${PATH}, or an object`)),
  v.metadata({ description: 'The files of a directory.' }),
);

/** Refuses files on a path that leaves nothing over to name them. */
export const namesFiles: Check = ({ path, files }, report) => {
  if (files === undefined || typeof path !== 'string' || segmentsBeforeRest(path) !== undefined) return;
  const hint = /[{}]/.test(path) ? 'leave the braces out: a pattern may take several segments' : "write '/assets/*'";
  report(['path'], path, wording("a path that ends in '/*'", 'leaves nothing over that could name a file', hint));
};
