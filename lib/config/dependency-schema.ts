import * as v from 'valibot';
import { ID } from './id.ts';
import { wording } from './wording.ts';

const id = v.pipe(v.string(wording('the id of a server')), v.regex(ID, wording('the id of a server')));

/** Ids of servers of the same cluster; whether they are there is known when all of it was read. */
export const dependsOnSchema = v.pipe(
  v.array(id, wording('an array of ids', '', "write ['database']")),
  v.check((ids) => new Set(ids).size === ids.length, wording('every server once')),
  v.metadata({
    description: 'Ids of servers that run before it starts, and stop after it.',
    uniqueItems: true,
    examples: [['database']],
  }),
);
