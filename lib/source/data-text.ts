import { type Place, positionAt } from './place.ts';
import type { ProblemCode } from './source.ts';

/** What is wrong with a file, before it is known under which name people know the file. */
export interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  /** The offset into the text; absent when it is about the file as a whole. */
  readonly at?: number;
  readonly cause?: unknown;
}

/** A data file after parsing: its value and where the parts of it stand, or everything that is wrong with it. */
export type DataText =
  | { readonly ok: true; readonly value: unknown; readonly place: Place }
  | { readonly ok: false; readonly faults: readonly [Fault, ...Fault[]] };

/** Levels of nesting a data file may have: ten times what a configuration needs, a tenth of what a stack bears. */
export const MAX_DEPTH = 100;

/** What helps where nothing that was written can be kept. */
export const SMALLEST_CONFIG = 'the smallest configuration is { "servers": {} }';

export const TOO_DEEP = {
  code: 'ERR_SOURCE_TOO_DEEP',
  message: `nested more than ${MAX_DEPTH} levels deep`,
  hint: 'a configuration needs about ten: check the brackets and the indentation',
} as const satisfies Fault;

export const duplicateKey = (text: string, key: string, at: number, firstAt: number): Fault => {
  const first = positionAt(text, firstAt);
  return {
    code: 'ERR_SOURCE_DUPLICATE_KEY',
    message: `the key ${JSON.stringify(key)} stands here again, first at ${first.line}:${first.column}`,
    hint: 'keep one of the two',
    at,
  };
};
