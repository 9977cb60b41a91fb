import type { Issue } from './issue.ts';
import { issueOf } from './issues.ts';
import { received } from './received.ts';
import { wording } from './wording.ts';

/** Levels that are looked at: a config that is nested deeper is refused for that. */
const DEEPEST = 64;

/**
 * Where servers hold code, or anything else that is no data: no message between processes carries it. The first place
 * of every server. Pure; throws what a getter throws.
 */
export const codeIssues = (servers: Readonly<Record<string, unknown>>): readonly Issue[] =>
  Object.entries(servers).flatMap(([id, server]) => {
    const found = codeIn(server, []);
    if (found === undefined) return [];
    const { path, value } = found;
    const text = wording('data', 'is code, which cannot be sent to a worker', hintFor(path));
    return [issueOf(id, path.join('.'), received(value), text)];
  });

interface Code {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The first value that is no data, and where it is. */
const codeIn = (value: unknown, path: readonly string[]): Code | undefined => {
  if (typeof value === 'function') return { path, value };
  if (typeof value !== 'object' || value === null || path.length > DEEPEST) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isData = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isData) return { path, value };
  for (const [name, member] of Object.entries(value)) {
    const found = codeIn(member, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
};

const hintFor = (path: readonly string[]): string => {
  switch (path.find((step) => step === 'app' || step === 'handler' || step === 'middleware')) {
    case 'app':
      return "name a module, which every worker loads: app: './app.ts'";
    case 'handler':
      return "name a module, which every worker loads: handler: './handler.ts'";
    case 'middleware':
      return "name a module, which every worker loads: middleware: ['./middleware.ts']";
    default:
      return 'write data; or serve in one process, without workers';
  }
};
