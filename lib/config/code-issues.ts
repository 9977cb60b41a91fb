import type { Issue } from './issue.ts';
import { issueOf } from './issues.ts';
import { received } from './received.ts';
import { wording } from './wording.ts';

/** Levels that are looked at: a config that is nested deeper is refused for that. */
const DEEPEST = 64;

/** More places than anybody reads at once: those of one server are cut there. */
const MOST_PLACES = 32;

/**
 * Where servers hold code, or anything else that is no data: no message between processes carries it. Every place, the
 * first 32 of each server. Pure; throws what a getter throws.
 */
export const codeIssues = (servers: Readonly<Record<string, unknown>>): readonly Issue[] =>
  Object.entries(servers).flatMap(([id, server]) => {
    const found: Code[] = [];
    collect(server, [], new Set(), found);
    return found.map(({ path, value }) => {
      const text = wording('data', 'is code, which cannot be sent to a worker', hintFor(path));
      return issueOf(id, path.join('.'), received(value), text);
    });
  });

interface Code {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Every value that is no data, and where it is.
 *
 * @param passed - what need not be looked at: what is being looked at further up, and what held nothing.
 */
const collect = (value: unknown, path: readonly string[], passed: Set<unknown>, found: Code[]): void => {
  if (found.length === MOST_PLACES) return;
  if (typeof value === 'function') {
    found.push({ path, value });
    return;
  }
  if (typeof value !== 'object' || value === null || path.length > DEEPEST || passed.has(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isData = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isData) {
    found.push({ path, value });
    return;
  }
  const before = found.length;
  passed.add(value);
  for (const [name, member] of Object.entries(value)) collect(member, [...path, name], passed, found);
  // Where it stands a second time it holds the same.
  if (found.length > before) passed.delete(value);
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
