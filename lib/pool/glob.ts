import { PoolError } from './errors.ts';

/** As long as the longest address, with room; the work for one text is bounded by the product of both lengths. */
const LONGEST_GLOB = 512;

/** A text as characters without their case: one by one, so that `?` is one character of the text itself. */
type Characters = ArrayLike<string>;

/** Where a character is one unit of a text, and stays one in small letters: nearly always. */
const PLAIN = /^[ -~]*$/;

const charactersOf = (text: string): Characters =>
  PLAIN.test(text) ? text.toLowerCase() : Array.from(text, (character) => character.toLowerCase());

/**
 * Compiles a text in which `*` stands for anything and `?` for one character; everything else stands for itself,
 * whatever its case.
 *
 * Matching goes back to the last `*` only, one character further each time: at most pattern × text steps.
 *
 * @see Kirk J. Krauss, "Matching Wildcards: An Algorithm", the iterative form of it.
 */
export const compileGlob = (glob: string): ((text: string) => boolean) => {
  if (glob.length > LONGEST_GLOB) {
    throw new PoolError('ERR_POOL_PATTERN', `a glob has at most ${LONGEST_GLOB} characters, this one ${glob.length}`);
  }
  const pattern = charactersOf(glob.replace(/\*{2,}/g, '*'));
  return (text) => matches(pattern, charactersOf(text));
};

const matches = (pattern: Characters, text: Characters): boolean => {
  let at = 0;
  let star = -1;
  /** Where in the text the last star ends, as far as it has been tried. */
  let resume = 0;
  for (let position = 0; position < text.length; ) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      resume = position;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[position])) {
      at += 1;
      position += 1;
    } else if (star >= 0) {
      resume += 1;
      position = resume;
      at = star + 1;
    } else {
      return false;
    }
  }
  return at === pattern.length || (at === pattern.length - 1 && pattern[at] === '*');
};
