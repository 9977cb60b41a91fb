import { OptionsError } from './errors.ts';
import { nearest } from './nearest.ts';
import { isPlainObject } from './plain-data.ts';
import { oneLine } from './received.ts';

/** What others call what is called otherwise here. */
const OTHER_WORDS: Readonly<Record<string, string>> = { instances: 'count', workers: 'count' };

/** Letters from which the beginning of a name is one. */
const SHORTEST = 4;

/** The option that a name is the beginning of: most often its unit is missing. */
const longer = (name: string, known: readonly string[]): string | undefined =>
  name.length < SHORTEST ? undefined : known.find((option) => option.toLowerCase().startsWith(name.toLowerCase()));

/**
 * What the types say, for those who have none: an option that nobody reads would be missed late. Throws an `OptionsError`
 * for what is no record, and for the first option that there is not.
 *
 * @param known - the options there are.
 */
export const assertOptions = (options: unknown, known: readonly string[]): void => {
  if (typeof options !== 'object' || options === null) throw new OptionsError('options', 'an object');
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  const near =
    nearest(unknown, known) ?? longer(unknown, known) ?? known.find((option) => option === OTHER_WORDS[unknown]);
  const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`;
  throw new OptionsError(unknown, '', `${oneLine(unknown)} is no option; ${hint}`);
};

/** The same where something else than options is passed over: a signal hands its name to whoever is called. */
export const assertOptionsIfAny = (options: unknown, known: readonly string[]): void => {
  if (isPlainObject(options)) assertOptions(options, known);
};
