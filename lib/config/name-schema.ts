import * as v from 'valibot';
import { wording } from './wording.ts';

/** A name in data that stands for code, where workers load it; of use to the JSON Schema alone. */
export const nameSchema = (what: string, example: string) =>
  v.pipe(
    v.string(wording('the path of a module')),
    v.metadata({
      description: `${what}, with workers: a module's path, or a name that 'code' has.`,
      examples: [example],
    }),
  );
