import * as v from 'valibot';
import { parseModuleReference } from './module-reference.ts';
import { wording } from './wording.ts';

const EXPECTED = "the path of a module, and '#' with the name of an export when it is not the default one";

/** A module and one of its exports, as one text. */
export const moduleSchema = v.pipe(
  v.string(wording(EXPECTED)),
  v.metadata({
    description: 'A module that answers, relative to the file that names it; #name picks another export than default.',
    examples: ['./users.ts', './users.ts#app'],
  }),
  v.check(
    (text) => parseModuleReference(text) !== undefined,
    wording(EXPECTED, 'names no module', "write './users.ts' or './users.ts#name'"),
  ),
);
