/**
 * How many segments of a path stand before the part that the `*` at the end of a pattern takes: 1 for `/assets/*`, 0
 * for `*`. Pure.
 *
 * `undefined` when nothing is left over for it to take, or when a parameter in braces stands before it: such a one may
 * take several segments, and nobody can say where the rest begins.
 */
export const segmentsBeforeRest = (pattern: string): number | undefined => {
  if (pattern === '*') return 0;
  if (!pattern.endsWith('/*') || /[{}]/.test(pattern)) return undefined;
  return pattern.split('/').length - 2;
};

/** What stands in braces is a pattern; braces inside it say how often. */
const withoutBraces = (pattern: string): string => {
  const less = pattern.replace(/\{[^{}]*\}/g, '');
  return less === pattern ? pattern : withoutBraces(less);
};

/** The names of the parameters in a pattern, in their order. Pure. */
export const parametersOf = (pattern: string): readonly string[] =>
  Array.from(withoutBraces(pattern).matchAll(/(?<=\/):([^/{}?:*]+)/g), ([, name = '']) => name);
