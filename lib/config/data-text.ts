import { type Place, positionAt } from './place.ts';

/** What can be wrong with a text before anybody looks at what it says. */
export interface TextFault {
  readonly code: 'ERR_SOURCE_SYNTAX' | 'ERR_SOURCE_DUPLICATE_KEY' | 'ERR_SOURCE_TOO_DEEP';
  readonly message: string;
  readonly hint: string;
  /** The offset into the text; absent when it is about the text as a whole. */
  readonly at?: number;
  readonly cause?: unknown;
}

/** A data file after parsing: its value and where the parts of it stand, or everything that is wrong with it. */
export type DataText =
  | { readonly ok: true; readonly value: unknown; readonly place: Place }
  | { readonly ok: false; readonly faults: readonly [TextFault, ...TextFault[]] };

/** Levels of nesting a data file may have: ten times what a configuration needs, a tenth of what a stack bears. */
export const MAX_DEPTH = 100;

export const TOO_DEEP = {
  code: 'ERR_SOURCE_TOO_DEEP',
  message: `nested more than ${MAX_DEPTH} levels deep`,
  hint: 'a configuration needs about ten: check the brackets and the indentation',
} as const satisfies TextFault;

export const duplicateKey = (text: string, key: string, at: number, firstAt: number): TextFault => {
  const first = positionAt(text, firstAt);
  return {
    code: 'ERR_SOURCE_DUPLICATE_KEY',
    message: `the key ${JSON.stringify(key)} stands here again, first at ${first.line}:${first.column}`,
    hint: 'keep one of the two',
    at,
  };
};
