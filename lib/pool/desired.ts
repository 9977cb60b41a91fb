import type { Issue } from '../config/issue.ts';
import { oneLine, received } from '../config/received.ts';
import type { ClusterConfig, ServerConfig } from '../config/server-config.ts';
import type { Part } from './entry.ts';

/** A dependency on a server that the pool does not have, or on one of several with that name. */
export interface Dangling {
  readonly part: Part;
  readonly dependency: string;
  /** Where those are that have the name; empty when nobody has it. */
  readonly namesakes: readonly string[];
}

/** Why nobody knows who is meant by a dependency. */
export const danglingReason = ({ dependency, namesakes }: Dangling): string =>
  namesakes.length === 0
    ? `there is no server '${oneLine(dependency)}'`
    : `there are ${namesakes.length} servers '${oneLine(dependency)}'`;

/** What is said of a dependency when nobody knows who is meant. */
export const danglingIssue = (server: string, dangling: Dangling): Issue => {
  const [first] = dangling.namesakes;
  return Object.freeze({
    server,
    path: 'dependsOn',
    expected: 'names or addresses of servers of the pool',
    received: received(dangling.dependency),
    message: danglingReason(dangling),
    hint:
      first === undefined ? 'store what it depends on first' : `write the address of the one that is meant: '${first}'`,
  });
};

/** What a cluster is to be told. */
export interface Desired {
  readonly config: ClusterConfig;
  readonly dangling: readonly Dangling[];
}

interface Variants {
  readonly dependsOn: string;
  readonly wanted: ServerConfig;
  unwanted: ServerConfig | undefined;
}

/** Finds the parts that a name or an address may mean: one, or all that have the name. */
export type FindParts = (text: string) => readonly Part[];

/** Looks names up first: a name may look like an address, but nobody writes an address to mean a name. */
const finder = (parts: readonly Part[], keyOf: (text: string) => string | undefined): FindParts => {
  const byName = new Map<string, Part[]>();
  const byKey = new Map<string, Part>();
  for (const part of parts) {
    const { name } = part.config;
    const namesakes = name === undefined ? undefined : byName.get(name);
    if (namesakes !== undefined) namesakes.push(part);
    else if (name !== undefined) byName.set(name, [part]);
    byKey.set(part.key, part);
  }
  return (text) => {
    const named = byName.get(text);
    if (named !== undefined) return named;
    const found = byKey.get(text) ?? byKey.get(keyOf(text) ?? '');
    return found === undefined ? [] : [found];
  };
};

/**
 * Writes what servers are to be as the config of a cluster: those that are not wanted are disabled, and dependencies are
 * ids.
 *
 * The same server gives the same object as long as nothing about it changes, so that the cluster need not read it again.
 */
export class DesiredWriter {
  readonly #variants = new WeakMap<ServerConfig, Variants>();
  readonly #keyOf: (text: string) => string | undefined;

  constructor(keyOf: (text: string) => string | undefined) {
    this.#keyOf = keyOf;
  }

  write(parts: readonly Part[]): Desired {
    // Without a prototype no id can be mistaken for a property of every object.
    const config: Record<string, ServerConfig> = Object.create(null);
    const dangling: Dangling[] = [];
    const find = this.finder(parts);
    for (const part of parts) config[part.id] = this.#configOf(part, this.#idsOf(part, find, dangling));
    return { config, dangling };
  }

  /** What names and addresses mean among these; indexed when somebody asks. */
  finder(parts: readonly Part[]): FindParts {
    let find: FindParts | undefined;
    return (text) => {
      find ??= finder(parts, this.#keyOf);
      return find(text);
    };
  }

  #idsOf(part: Part, find: FindParts, dangling: Dangling[]): readonly string[] {
    const { dependsOn = [] } = part.config;
    if (dependsOn.length === 0) return dependsOn;
    const ids = new Set<string>();
    for (const dependency of dependsOn) {
      const found = find(dependency);
      if (found.length !== 1) {
        const namesakes = found.map(({ key }) => key);
        dangling.push({ part, dependency, namesakes });
      }
      // A namesake that came later must not take away whom somebody depends on already.
      for (const { id } of found) if (id !== part.id || found.length === 1) ids.add(id);
    }
    return [...ids];
  }

  #configOf({ base, wanted }: Part, ids: readonly string[]): ServerConfig {
    const dependsOn = ids.join(' ');
    let variants = this.#variants.get(base);
    if (variants === undefined || variants.dependsOn !== dependsOn) {
      const own = ids.length === 0 ? base : { ...base, dependsOn: ids };
      variants = { dependsOn, wanted: own, unwanted: undefined };
      this.#variants.set(base, variants);
    }
    if (wanted || base.disabled === true) return variants.wanted;
    variants.unwanted ??= { ...variants.wanted, disabled: true };
    return variants.unwanted;
  }
}
