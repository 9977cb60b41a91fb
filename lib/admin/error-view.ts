import { oneLine, reasonOf } from '../config/received.ts';
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

/** Characters of a message: paths are long, and what is wrong with them stands at the end. */
const LONGEST = 500;

/** Causes of causes that are looked at: more than anybody wraps. */
const MOST_CAUSES = 8;

/** An error and what it came from, the outermost first. Pure. */
export const causesOf = (error: unknown): readonly unknown[] => {
  const chain = [error];
  while (chain.length < MOST_CAUSES) {
    const last = chain.at(-1);
    if (!(last instanceof Error) || last.cause === undefined || last.cause === null) break;
    chain.push(last.cause);
  }
  return chain;
};

/**
 * Any error as data. One that has no hint is told with what it came from, down to the first that has one; where none
 * has, nobody foresaw it. Pure.
 */
export const tracedError = (error: unknown): TracedError => {
  const chain = causesOf(error);
  const foreseen = chain.findIndex((one) => textsOf(one).hint !== undefined);
  const told = foreseen === -1 ? chain : chain.slice(0, foreseen + 1);
  const { hint, stack } = textsOf(told.at(-1));
  const frames = hint === undefined ? framesOf(stack ?? '') : [];
  return {
    code: textsOf(error).code ?? 'ERR_UNEXPECTED',
    message: messageOf(told),
    hint: hint ?? (frames.length > 0 ? UNFORESEEN : UNTRACED),
    frames,
  };
};

/** Some say in their own words what they came from. */
const messageOf = (chain: readonly unknown[]): string => {
  const texts = chain.map((one) => reasonOf(one, LONGEST));
  return oneLine(
    texts.filter((text, index) => !texts.slice(0, index).some((outer) => outer.includes(text))).join(': '),
    LONGEST,
  );
};

/** Any error as data. Pure. */
export const errorView = (cause: unknown): ErrorView => {
  const { frames: _, ...view } = tracedError(cause);
  return view;
};

/** Any error as data, whose message goes down to its last cause, whichever of them has a hint. Pure. */
export const wholeErrorView = (cause: unknown): ErrorView => ({
  ...errorView(cause),
  message: messageOf(causesOf(cause)),
});

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
