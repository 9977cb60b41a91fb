import type { ProblemCode } from './source.ts';

/** What is wrong with a source, before it is known under which name people know it. */
export interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  /** The offset into the text; absent when it is about the source as a whole. */
  readonly at?: number;
  readonly cause?: unknown;
}

/** What helps where nothing that was written can be kept. */
export const SMALLEST_CONFIG = 'the smallest configuration is { "servers": {} }';
