import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { fileDataSchema } from '../lib/config/schema.ts';

/**
 * The JSON Schema of a config file of data, for editors.
 *
 * It knows the shape, the bounds and the defaults. Rules that JSON Schema cannot say (addresses that overlap, timeouts
 * that contradict each other) are left to `sluice check`, so it accepts everything that is valid and some that is not.
 */
export const toConfigSchema = (): JsonSchema =>
  // What comes before the first transformation is what a file says; checks written as code have no counterpart.
  toJsonSchema(fileDataSchema, { typeMode: 'input', errorMode: 'ignore', target: 'draft-07' });
