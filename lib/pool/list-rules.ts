import { type Address, formatAddress, isAnyPort, parseAddress } from '../config/address.ts';
import { surveyDependencies } from '../config/dependency-order.ts';
import type { Issue } from '../config/issue.ts';
import { issueOf } from '../config/issues.ts';
import { nearest } from '../config/nearest.ts';
import { received } from '../config/received.ts';
import { wording } from '../config/wording.ts';
import { Places } from './places.ts';

/** One entry of a list, as far as others are concerned with it. */
export interface Listed {
  /** What issues call it: its name, or `#` and its position when it has none of its own. */
  readonly label: string;
  readonly name: string | undefined;
  /** Where it is to listen; `undefined` when that is not known. */
  readonly address: Address | undefined;
  readonly disabled: boolean;
  /** Names or addresses. */
  readonly dependsOn: readonly string[];
}

/** Issues by the entry they are about. */
export type ListedIssues = ReadonlyMap<Listed, readonly Issue[]>;

/** How many names that nobody has are compared with all that somebody has. */
const HINTED = 32;

/** How many of a long cycle are shown. */
const SHOWN = 8;

/**
 * What is wrong with entries because of others: a name twice, an address twice, addresses that overlap, and dependencies
 * that lead nowhere or back to where they began. Pure.
 *
 * Of two that want the same the first one has it: the issue is the later one's.
 */
export const issuesAmong = (entries: readonly Listed[]): ListedIssues => {
  const found = new Map<Listed, Issue[]>();
  const report: Report = (entry, path, shown, text) => {
    const issue = issueOf(entry.label, path, shown, text);
    const own = found.get(entry);
    if (own === undefined) found.set(entry, [issue]);
    else own.push(issue);
  };
  reportNames(entries, report);
  reportAddresses(entries, report);
  if (entries.some(({ dependsOn }) => dependsOn.length > 0)) reportDependencies(entries, report);
  return found;
};

type Report = (entry: Listed, path: string, shown: string, text: string) => void;

const reportNames = (entries: readonly Listed[], report: Report): void => {
  const names = new Map<string, Listed>();
  for (const entry of entries) {
    if (entry.name === undefined) continue;
    const first = names.get(entry.name);
    if (first === undefined) {
      names.set(entry.name, entry);
    } else {
      const at = keyOf(first);
      const message = `is the name of ${at === undefined ? 'an earlier server' : `the server at ${at}`} already`;
      const hint = 'give every server a name of its own, or none';
      report(entry, 'name', received(entry.name), wording('a name that no other server has', message, hint));
    }
  }
};

/** Where an entry is found in a pool, when its config alone says that. */
const keyOf = ({ address }: Listed): string | undefined =>
  address === undefined || isAnyPort(address) ? undefined : formatAddress(address);

const reportAddresses = (entries: readonly Listed[], report: Report): void => {
  const keys = new Map<string, Listed>();
  const places = new Places<Listed & { readonly address: Address }>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const { address } = entry;
    if (key === undefined || address === undefined) continue;
    // Also of a server that is disabled: an address is what a pool finds it by.
    const same = keys.get(key);
    const [rival, ...others] = entry.disabled || same !== undefined ? [] : places.inTheWayOf(address);
    if (same === undefined && rival === undefined) {
      keys.set(key, entry);
      if (!entry.disabled) places.put({ ...entry, address });
      continue;
    }
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const message =
      rival === undefined
        ? `is the address of '${same?.label}' already`
        : `overlaps with '${rival.label}' (${formatAddress(rival.address)})${more}`;
    const hint = 'give every server an address of its own';
    report(entry, 'listen', received(key), wording('an address that no other server wants', message, hint));
  }
};

/** Looks names up first, as a pool does. */
const finder = (entries: readonly Listed[]): ((text: string) => Listed | undefined) => {
  const byName = new Map<string, Listed>();
  const byKey = new Map<string, Listed>();
  for (const entry of entries) {
    const key = entry.address === undefined ? undefined : formatAddress(entry.address);
    if (entry.name !== undefined && !byName.has(entry.name)) byName.set(entry.name, entry);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, entry);
  }
  return (text) => {
    const named = byName.get(text);
    if (named !== undefined) return named;
    const read = parseAddress(text);
    return read.ok ? byKey.get(formatAddress(read.address)) : undefined;
  };
};

const OTHERS = 'names or addresses of other servers';

const reportDependencies = (entries: readonly Listed[], report: Report): void => {
  const find = finder(entries);
  const names = entries.flatMap(({ name }) => name ?? []);
  const graph = new Map<string, { readonly entry: Listed; readonly dependsOn: readonly string[] }>();
  const ids = new Map(entries.map((entry, index) => [entry, String(index)]));
  let hinted = 0;
  for (const entry of entries) {
    const others: string[] = [];
    for (const dependency of entry.dependsOn) {
      const meant = find(dependency);
      if (meant === entry) {
        report(entry, 'dependsOn', received(dependency), wording(OTHERS, 'a server cannot depend on itself'));
      } else if (meant === undefined) {
        hinted += 1;
        const near = hinted > HINTED ? undefined : nearest(dependency, names);
        const hint = near === undefined ? 'name a server of the same list' : `did you mean '${near}'?`;
        report(entry, 'dependsOn', received(dependency), wording(OTHERS, 'there is no such server', hint));
      } else {
        others.push(ids.get(meant) ?? '');
      }
    }
    graph.set(ids.get(entry) ?? '', { entry, dependsOn: others });
  }
  for (const cycle of surveyDependencies(graph).cycles) {
    const round = cycle.flatMap((id) => graph.get(id)?.entry ?? []);
    const last = round.at(-1);
    if (last === undefined) continue;
    const labels = round.map(({ label }) => label);
    const shown = labels.length > SHOWN ? [...labels.slice(0, SHOWN), `${labels.length - SHOWN} more`] : labels;
    const message = `depends on itself: ${[last.label, ...shown].join(' → ')}`;
    const hint = 'leave one of them out';
    report(last, 'dependsOn', received(last.dependsOn), wording('dependencies without a cycle', message, hint));
  }
};
