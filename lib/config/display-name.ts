import * as v from 'valibot';
import { wording } from './wording.ts';

/** What people may call a thing. */
export const DISPLAY_NAME = 'a text of 1 to 64 printable characters';

/** Text that shows as it is written: no control, format or surrogate characters, not blank. */
export const isDisplayName = (text: string): boolean => /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,64}$/u.test(text);

/** The schema of a name that people read. */
export const displayName = (description: string) =>
  v.pipe(
    v.string(wording(DISPLAY_NAME)),
    v.metadata({ description, minLength: 1, maxLength: 64 }),
    // As code, because the schema for editors cannot carry the flag that these classes need.
    v.check(isDisplayName, wording(DISPLAY_NAME)),
  );
