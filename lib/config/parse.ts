import * as v from 'valibot';
import { formatAddress } from './address.ts';
import { readBareServer } from './bare-server.ts';
import { dependencyIssues } from './dependency-issues.ts';
import { ID } from './id.ts';
import type { Issue } from './issue.ts';
import { issueOf, issuesOf } from './issues.ts';
import { copyPlainData, freezePlainData, isPlainObject } from './plain-data.ts';
import { oneLine, reasonOf, received } from './received.ts';
import { findRivals, type Rivals } from './rivals.ts';
import { sameSpec } from './same.ts';
import { type ServerOutput, serverSchema } from './schema.ts';
import { redactIssue, secretsOf } from './secrets.ts';
import type { ServerSpec } from './server-spec.ts';
import { specOf } from './spec-of.ts';
import { wording } from './wording.ts';
import { EVENT_AS_SERVERS, isEvent, isWrapped, WRAPPED } from './wrapped.ts';

/** What a config says, server by server, and what is wrong with it. */
export interface ParsedCluster {
  /** Every server whose config is valid and in nobody's way, by id, in the order of the config. */
  readonly specs: ReadonlyMap<string, ServerSpec>;
  /** Everything that is wrong; empty when the config can be committed whole. */
  readonly issues: readonly Issue[];
  /** The ids that issues are about, exactly as they were written. None of them is in `specs`. */
  readonly refused: ReadonlySet<string>;
}

/**
 * Specs by the frozen config they were read from. An entry lives as long as its config; it says nothing that reading
 * the config again would not say, so that clusters which share a config do not meet here.
 */
const known = new WeakMap<object, ServerSpec>();

/** Specs that differ from the one their config is known by in nothing but the id: one config stands under several. */
const twins = new WeakMap<ServerSpec, ServerSpec>();

/** Members that are code and stay as they are. */
const CODE: ReadonlySet<string> = new Set(['app', 'upgrade']);

const NOTHING: ReadonlyMap<string, ServerSpec> = new Map();

/**
 * Reads the desired servers of a cluster. Never throws, whatever it is given.
 *
 * A config that was accepted is frozen, with its plain data but without apps, handlers and other code, so that the same
 * object means the same content from then on: reading it again costs one look-up. An equal config in a new object gives
 * the previous spec as well, so that `===` on specs says whether anything changed.
 *
 * `null` and `undefined` stand for a server that is not there. Addresses that overlap are refused on both sides, and so
 * are dependencies that lead nowhere or back to where they began.
 *
 * @param config - servers by id; anything else is an issue.
 * @param previous - the specs to compare with, by id.
 */
export const parseCluster = (config: unknown, previous: ReadonlyMap<string, ServerSpec> = NOTHING): ParsedCluster => {
  const specs = new Map<string, ServerSpec>();
  const issues: Issue[] = [];
  const refused = new Set<string>();
  const entries = entriesOf(config);
  if ('issue' in entries) return { specs, issues: [entries.issue], refused };
  if (isWrapped(entries.record)) {
    return { specs, issues: [issueOf('servers', '', 'an object', WRAPPED)], refused: new Set(['servers']) };
  }
  for (const id of entries.ids) {
    const result = readEntry(entries.record, id, previous.get(id));
    if (result === undefined) continue;
    if ('issues' in result) {
      issues.push(...result.issues);
      refused.add(id);
    } else {
      specs.set(id, result);
    }
  }
  for (const [spec, rivals] of findRivals(specs.values())) {
    issues.push(rivalIssue(spec, rivals));
    refused.add(spec.id);
  }
  // Those that are refused already may be depended on, and their own dependencies are looked at as well.
  for (const issue of dependencyIssues(specs, refused)) {
    issues.push(issue);
    if (issue.server !== undefined) refused.add(issue.server);
  }
  for (const id of refused) specs.delete(id);
  return { specs, issues, refused };
};

/** The ids of those servers in a config whose own configs were never read: the ones that cost time. Never throws. */
export const unreadServers = (config: unknown): readonly string[] => {
  const entries = entriesOf(config);
  if ('issue' in entries) return [];
  const { record, ids } = entries;
  return ids.filter((id) => {
    try {
      const server = record[id];
      return typeof server === 'object' && server !== null && !known.has(server);
    } catch {
      // It will be refused when it is read.
      return false;
    }
  });
};

/** Reads some servers of a config, so that reading all of it later finds them known. Never throws. */
export const readServers = (config: unknown, ids: readonly string[]): void => {
  const entries = entriesOf(config);
  if ('issue' in entries) return;
  for (const id of ids) readEntry(entries.record, id, undefined);
};

type Entries =
  | { readonly record: Readonly<Record<string, unknown>>; readonly ids: readonly string[] }
  | { readonly issue: Issue };

const entriesOf = (config: unknown): Entries => {
  const refuse = (message: string, hint?: string): Entries => ({
    issue: issueOf(undefined, '', received(config), wording('an object of servers by id', message, hint)),
  });
  try {
    if (isPlainObject(config)) {
      if (isEvent(config)) return { issue: issueOf(undefined, '', received(config), EVENT_AS_SERVERS) };
      return { record: config, ids: Object.keys(config) };
    }
    return refuse('', config instanceof Map ? 'write Object.fromEntries(map)' : '');
  } catch (cause) {
    return refuse(`cannot be read: ${reasonOf(cause)}`);
  }
};

interface Refused {
  readonly issues: readonly Issue[];
}

/** Reads one server: `undefined` when it is not there. */
const readEntry = (
  record: Readonly<Record<string, unknown>>,
  id: string,
  before: ServerSpec | undefined,
): ServerSpec | Refused | undefined => {
  try {
    const config = record[id];
    if (config === null || config === undefined) return undefined;
    const cached = typeof config === 'object' ? known.get(config) : undefined;
    if (cached === undefined) return readNew(config, id, before);
    if (cached.id !== id) return readTwin(cached, config, id, before);
    if (before === undefined || before === cached || !sameSpec(before, cached)) return cached;
    known.set(config, before);
    return before;
  } catch (cause) {
    return refuse(id, '', undefined, wording('a server config', `cannot be read: ${reasonOf(cause)}`));
  }
};

/** Reads a server config that is known under another id. */
const readTwin = (
  cached: ServerSpec,
  config: object,
  id: string,
  before: ServerSpec | undefined,
): ServerSpec | Refused => {
  if (before !== undefined && twins.get(before) === cached) return before;
  const wrong = idProblem(id);
  if (wrong !== undefined) return wrong;
  const name: unknown = Reflect.get(config, 'name');
  const spec = Object.freeze({ ...cached, id, name: typeof name === 'string' ? name : id });
  const kept = before !== undefined && sameSpec(before, spec) ? before : spec;
  twins.set(kept, cached);
  return kept;
};

/** Reads a server config for the first time. */
const readNew = (config: unknown, id: string, before: ServerSpec | undefined): ServerSpec | Refused => {
  const wrong = idProblem(id);
  if (wrong !== undefined) return wrong;
  if (!isPlainObject(config)) return refuse(id, '', config, wording('a server config, or null for none'));
  const bare = readBareServer(config);
  const read = bare === undefined ? readBySchema(config, id) : { output: bare };
  if ('issues' in read) return read;
  const spec = specOf(id, read.output);
  try {
    freezePlainData(config, CODE);
  } catch {
    const hint = 'copy it into an object of its own: { ...config }';
    return refuse(id, '', config, wording('a config that can be frozen', 'cannot be frozen', hint));
  }
  const kept = before !== undefined && sameSpec(before, spec) ? before : spec;
  known.set(config, kept);
  return kept;
};

const readBySchema = (config: object, id: string): { readonly output: ServerOutput } | Refused => {
  const copy = copyPlainData(config, CODE);
  if (!copy.ok) return refuse(id, copy.path, config, copy.wording);
  const parsed = v.safeParse(serverSchema, copy.value);
  if (parsed.success) return { output: parsed.output };
  const secrets = secretsOf(config);
  return { issues: issuesOf(id, parsed.issues).map((issue) => redactIssue(issue, secrets)) };
};

/** An id that is wrong itself shows in its issue as far as it can be shown on one line. */
const refuse = (id: string, path: string, value: unknown, text: string): Refused => ({
  issues: [issueOf(oneLine(id), path, received(value), text)],
});

/** Names that a plain object takes for its own machinery. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const idProblem = (id: string): Refused | undefined =>
  ID.test(id) && !RESERVED.has(id) ? undefined : refuse(id, '', id, ID_WORDING);

const ID_WORDING = wording(
  'an id of 1 to 64 letters, digits, dots, hyphens and underscores',
  'is no id that a server can have',
  "use letters, digits, '.', '-' and '_'",
);

const rivalIssue = (spec: ServerSpec, { first, count }: Rivals): Issue => {
  const named = first.map((rival) => `${rival.id} (${formatAddress(rival.address)})`);
  const more = count > first.length ? [`${count - first.length} more`] : [];
  return issueOf(
    spec.id,
    'listen',
    received(formatAddress(spec.address)),
    wording(
      'an address that no other server wants',
      `overlaps with ${[...named, ...more].join(', ')}`,
      'give every server an address of its own',
    ),
  );
};
