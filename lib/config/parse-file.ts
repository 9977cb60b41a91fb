import * as v from 'valibot';
import { codeIssues } from './code-issues.ts';
import type { Issue } from './issue.ts';
import { issueOf, issuesOf } from './issues.ts';
import { parseCluster } from './parse.ts';
import { copyPlainData, isPlainObject } from './plain-data.ts';
import { reasonOf, received } from './received.ts';
import { withStandIns } from './references.ts';
import { fileSchema } from './schema.ts';
import type { ClusterConfig, CommitMode, Strategy } from './server-config.ts';
import { wording } from './wording.ts';
import type { WorkersConfig } from './workers-config.ts';
import { EVENT_AS_FILE, isEvent } from './wrapped.ts';

/** What a config file says, or what is wrong with it. */
export type ParsedFile =
  | {
      readonly ok: true;
      /** With workers they may hold names of code, and hold no code themselves. */
      readonly servers: ClusterConfig;
      readonly commit?: CommitMode;
      readonly strategy?: Strategy;
      readonly workers?: WorkersConfig;
      /** Servers that will stay behind: empty unless the file asks for `commit: 'independent'`. */
      readonly issues: readonly Issue[];
    }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/**
 * Reads the content of a config file, after its text was parsed or its module was loaded. Never throws.
 *
 * A file with anything wrong in it is refused, except that with `commit: 'independent'` servers may be wrong: they are
 * handed on, so that the cluster can keep their last good versions, and named in `issues`.
 *
 * In a file for workers, names may stand for code, which the workers load; code itself is refused.
 *
 * @param inWorkers - it is for workers, even when it does not ask for them itself.
 */
export const parseConfigFile = (value: unknown, inWorkers = false): ParsedFile => {
  try {
    if (!isPlainObject(value))
      return { ok: false, issues: [fileIssue('', value, wording('a config file: an object'))] };
    if (isEvent(value)) return { ok: false, issues: [fileIssue('', value, EVENT_AS_FILE)] };
  } catch (cause) {
    return {
      ok: false,
      issues: [fileIssue('', value, wording('a config file', `cannot be read: ${reasonOf(cause)}`))],
    };
  }
  const copy = copyPlainData(value, SERVERS);
  if (!copy.ok) return { ok: false, issues: [fileIssue(copy.path, value, copy.wording)] };
  const envelope = v.safeParse(fileSchema, copy.value);
  if (!envelope.success) return { ok: false, issues: issuesOf(undefined, envelope.issues) };
  const { servers, commit, strategy, workers } = envelope.output;
  const issues = issuesOfServers(servers, inWorkers || workers !== undefined);
  const isWhole = issues.every((issue) => issue.server !== undefined);
  if (issues.length > 0 && !(isWhole && commit === 'independent')) return { ok: false, issues };
  return {
    ok: true,
    // Each entry was just read by `parseCluster`; what is wrong with it is named in `issues`.
    servers: servers as ClusterConfig,
    ...(commit === undefined ? {} : { commit }),
    ...(strategy === undefined ? {} : { strategy }),
    // What the schema lets through, and nothing is added to it.
    ...(workers === undefined ? {} : { workers: workers as WorkersConfig }),
    issues,
  };
};

const issuesOfServers = (servers: Readonly<Record<string, unknown>>, inWorkers: boolean): readonly Issue[] => {
  if (!inWorkers) return parseCluster(servers).issues;
  try {
    return [...codeIssues(servers), ...parseCluster(withStandIns(servers)).issues];
  } catch {
    // A getter that throws: that is told in the words of the server it is in.
    return parseCluster(servers).issues;
  }
};

/** The one member of a file that stays as it is: its entries are read, and frozen, one by one. */
const SERVERS: ReadonlySet<string> = new Set(['servers']);

const fileIssue = (path: string, value: unknown, text: string): Issue =>
  issueOf(undefined, path, received(value), text);
