import { linearProblem } from './linear-pattern.ts';
import type { Wording } from './wording.ts';

const LONGEST = 1_024;

/**
 * Looks for what is wrong with a route's path, a pattern of Hono: literal segments, `:name`, `:name{pattern}`, `*` for
 * one segment or, at the end, for all that follow, and `:name?` at the end.
 *
 * Patterns that Hono would read as literal text nobody asks for are refused, and so are those that a request could make
 * expensive to match.
 *
 * @returns how to say it, or `undefined` when the path is fine.
 */
export const pathProblem = (path: string): Wording | undefined => {
  const expected = "'*' or a path that starts with '/'";
  if (path === '*') return undefined;
  if (!path.startsWith('/')) return { expected, ...(/^[\w*:-]{1,40}$/.test(path) ? { hint: `write '/${path}'` } : {}) };
  if (path.length > LONGEST) return { expected, message: `must have at most ${LONGEST} characters` };
  if (/[\s\p{Cc}\p{Cs}]/u.test(path)) return { expected, message: 'must not hold spaces or control characters' };
  const segments = segmentsOf(path);
  if (segments === undefined) return { expected, message: 'has braces that do not match' };
  const sources: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const source = sourceOf(segment, isLast);
    if (typeof source !== 'string') return { expected, ...source };
    sources.push(source);
  }
  const message = linearProblem(sources.join('/'));
  return message === undefined
    ? undefined
    : { expected: 'a pattern that matches in linear time', message, hint: 'check the value in the handler instead' };
};

/** The parts between slashes, not counting those inside braces. */
const segmentsOf = (path: string): readonly string[] | undefined => {
  const segments: string[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 1; at < path.length; at++) {
    const character = path[at];
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (depth < 0) return undefined;
    if (character === '/' && depth === 0) {
      segments.push(path.slice(start, at));
      start = at + 1;
    }
  }
  segments.push(path.slice(start));
  return depth === 0 ? segments : undefined;
};

/** The regular expression that stands for one segment, or what is wrong with it. */
const sourceOf = (segment: string, isLast: boolean): string | Pick<Wording, 'message' | 'hint'> => {
  if (segment === '*') return isLast ? '.*' : '[^/]+';
  if (segment.startsWith(':')) {
    const [, pattern = '[^/]+', optional] = /^:[^{}?:*]+(?:\{(.+)\})?(\?)?$/.exec(segment) ?? [undefined, ''];
    if (pattern === '' || (optional !== undefined && !isLast)) {
      return { message: "has a parameter that is not ':name', ':name{pattern}' or, at the end, ':name?'" };
    }
    return isPattern(pattern)
      ? `${pattern.includes('|') ? `(?:${pattern})` : pattern}`
      : { message: 'has a pattern in braces that is no regular expression' };
  }
  if (segment.includes('*'))
    return { message: "has a '*' beside other characters", hint: "write '/*' for what follows" };
  if (/[{}]/.test(segment)) return { message: "has braces without a parameter's name", hint: "write ':name{pattern}'" };
  if (/[?#]/.test(segment)) return { message: 'must not hold a query or a fragment', hint: "end it before '?' or '#'" };
  return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
};

const isPattern = (source: string): boolean => {
  try {
    new RegExp(`^${source}$`);
    return true;
  } catch {
    return false;
  }
};
