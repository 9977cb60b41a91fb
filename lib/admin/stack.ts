/** Frames that say where something comes from; what called that is of interest to a debugger. */
const MOST_FRAMES = 4;

/**
 * The frames of a stack that say most, innermost first, each as `at name (file:line)`: none of Node's own, four at most.
 * Pure.
 *
 * Columns are left out. A configuration in TypeScript runs compiled, on the lines it was written on and in other columns.
 */
export const framesOf = (stack: string): readonly string[] =>
  stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at ') && !/\bnode:/.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.replace(/:(\d+):\d+(\)?)$/, ':$1$2'));
