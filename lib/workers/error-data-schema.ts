import * as v from 'valibot';
import { DEEPEST } from './error-data.ts';
import type { ErrorData } from './protocol.ts';

const fields = {
  name: v.string(),
  message: v.string(),
  code: v.exactOptional(v.string()),
  hint: v.exactOptional(v.string()),
  stack: v.exactOptional(v.string()),
};

/** A schema that refers to itself would go as deep as whoever sends the data likes, and end the process that reads it. */
const withCauses = (depth: number): v.GenericSchema<unknown, ErrorData> =>
  depth === 0 ? v.object(fields) : v.object({ ...fields, cause: v.exactOptional(withCauses(depth - 1)) });

/** What an error looks like that another process sent; causes that are deeper than any that is sent are left out. */
export const errorDataSchema: v.GenericSchema<unknown, ErrorData> = withCauses(DEEPEST);
