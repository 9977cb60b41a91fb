import * as v from 'valibot';
import { formatAddress } from './address.ts';
import type { Issue } from './issue.ts';
import { issueOf, issuesOf } from './issues.ts';
import { copyPlainData, freezePlainData, isPlainObject } from './plain-data.ts';
import { oneLine, reasonOf, received } from './received.ts';
import { findRivals, type Rivals } from './rivals.ts';
import { sameSpec } from './same.ts';
import { serverSchema } from './schema.ts';
import type { ServerSpec } from './server-spec.ts';
import { specOf } from './spec-of.ts';
import { wording } from './wording.ts';

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
 * `null` and `undefined` stand for a server that is not there. Addresses that overlap are refused on both sides.
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
  for (const id of refused) specs.delete(id);
  return { specs, issues, refused };
};

type Entries =
  | { readonly record: Readonly<Record<string, unknown>>; readonly ids: readonly string[] }
  | { readonly issue: Issue };

const entriesOf = (config: unknown): Entries => {
  const refuse = (message: string, hint?: string): Entries => ({
    issue: issueOf(undefined, '', received(config), wording('an object of servers by id', message, hint)),
  });
  try {
    if (isPlainObject(config)) return { record: config, ids: Object.keys(config) };
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
    if (cached !== undefined && cached.id === id) {
      if (before === undefined || before === cached || !sameSpec(before, cached)) return cached;
      known.set(config, before);
      return before;
    }
    return readNew(config, id, before);
  } catch (cause) {
    return refuse(id, '', undefined, wording('a server config', `cannot be read: ${reasonOf(cause)}`));
  }
};

/** Reads a server config for the first time, or for the first time under this id. */
const readNew = (config: unknown, id: string, before: ServerSpec | undefined): ServerSpec | Refused => {
  if (!ID.test(id) || RESERVED.has(id)) return refuse(id, '', id, ID_WORDING);
  if (!isPlainObject(config)) return refuse(id, '', config, wording('a server config, or null for none'));
  const copy = copyPlainData(config, CODE);
  if (!copy.ok) return refuse(id, copy.path, config, copy.wording);
  const parsed = v.safeParse(serverSchema, copy.value);
  if (!parsed.success) return { issues: issuesOf(id, parsed.issues) };
  const spec = specOf(id, parsed.output);
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

/** An id that is wrong itself shows in its issue as far as it can be shown on one line. */
const refuse = (id: string, path: string, value: unknown, text: string): Refused => ({
  issues: [issueOf(oneLine(id), path, received(value), text)],
});

const ID = /^[\w.-]{1,64}$/;

/** Names that a plain object takes for its own machinery. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

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
