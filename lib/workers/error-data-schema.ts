import * as v from 'valibot';
import type { ErrorData } from './protocol.ts';

/** What an error looks like that another process sent. */
export const errorDataSchema: v.GenericSchema<unknown, ErrorData> = v.object({
  name: v.string(),
  message: v.string(),
  code: v.exactOptional(v.string()),
  hint: v.exactOptional(v.string()),
  stack: v.exactOptional(v.string()),
  cause: v.exactOptional(v.lazy(() => errorDataSchema)),
});
