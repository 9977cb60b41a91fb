import { reasonOf } from '../config/received.ts';
import { framesOf } from './stack.ts';

/** An error as data. */
export interface ErrorView {
  /** Stable; `ERR_UNEXPECTED` for what has none. */
  readonly code: string;
  /** What happened: lower case, no full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** An error as data, with the frames that say where it comes from when nobody foresaw it. */
export interface TracedError extends ErrorView {
  readonly frames: readonly string[];
}

/** Any error as data; one that brings no code or hint of its own was not foreseen. Pure. */
export const tracedError = (cause: unknown): TracedError => {
  const { code, hint, stack } = textsOf(cause);
  const frames = hint === undefined ? framesOf(stack ?? '') : [];
  return {
    code: code ?? 'ERR_UNEXPECTED',
    message: reasonOf(cause),
    hint: hint ?? (frames.length > 0 ? UNFORESEEN : UNTRACED),
    frames,
  };
};

/** Any error as data. Pure. */
export const errorView = (cause: unknown): ErrorView => {
  const { frames: _, ...view } = tracedError(cause);
  return view;
};

const UNFORESEEN = 'nobody foresaw this: the stack says whether it comes from the configuration or from Sluice';
const UNTRACED = 'nobody foresaw this, and nothing says where it comes from: look at what changed last';

interface Texts {
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly stack?: string | undefined;
}

const textsOf = (cause: unknown): Texts => {
  if (!(cause instanceof Error)) return {};
  const text = (member: unknown): string | undefined => (typeof member === 'string' ? member : undefined);
  return {
    code: 'code' in cause ? text(cause.code) : undefined,
    hint: 'hint' in cause ? text(cause.hint) : undefined,
    stack: text(cause.stack),
  };
};
