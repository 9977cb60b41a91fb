/** How a rule of the schema speaks about what breaks it. */
export interface Wording {
  /** What would have been accepted. */
  readonly expected: string;
  /** The sentence, when `must be …` does not say enough. */
  readonly message?: string;
  /** What to do about it. */
  readonly hint?: string;
}

/**
 * Packs a wording into the one text that Valibot lets a rule carry. All three parts are single lines, so that line
 * breaks can separate them.
 */
export const wording = (expected: string, message = '', hint = ''): string => `${expected}\n${message}\n${hint}`;

/** Takes a packed wording apart. */
export const readWording = (text: string): Wording => {
  const [expected = '', message = '', hint = ''] = text.split('\n');
  return { expected, ...(message === '' ? {} : { message }), ...(hint === '' ? {} : { hint }) };
};

/** What is said of a key that a record does not have; with a hint when it is a misspelled one. */
export const UNKNOWN_KEY = 'unknown key';
