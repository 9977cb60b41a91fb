import type { Wording } from './wording.ts';

const LONGEST = 1_024;

/**
 * Looks for what is wrong with a route's path.
 *
 * @returns how to say it, or `undefined` when the path is fine.
 */
export const pathProblem = (path: string): Wording | undefined => {
  const expected = "'*' or a path that starts with '/'";
  if (path === '*') return undefined;
  if (!path.startsWith('/')) return { expected, hint: `write '/${path.startsWith('*') ? '*' : path.slice(0, 40)}'` };
  if (path.length > LONGEST) return { expected, message: `must have at most ${LONGEST} characters` };
  if (/[\s\p{Cc}\p{Cs}]/u.test(path)) return { expected, message: 'must not hold spaces or control characters' };
  return undefined;
};
