import type { Issue } from '../config/issue.ts';
import { oneLine, received } from '../config/received.ts';
import type { ClusterConfig, ServerConfig } from '../config/server-config.ts';
import type { Part } from './entry.ts';

/** A dependency on a server that the pool does not have. */
export interface Dangling {
  readonly part: Part;
  readonly dependency: string;
}

/** What is said of a dependency on a server that is not there. */
export const danglingIssue = (server: string, dependency: string): Issue =>
  Object.freeze({
    server,
    path: 'dependsOn',
    expected: 'names or addresses of servers of the pool',
    received: received(dependency),
    message: `there is no server '${oneLine(dependency)}'`,
    hint: 'store what it depends on first',
  });

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

/** Finds the part that a name or an address means. */
export type FindPart = (text: string) => Part | undefined;

/** Looks names up first: a name may look like an address, but nobody writes an address to mean a name. */
const finder = (parts: readonly Part[], keyOf: (text: string) => string | undefined): FindPart => {
  const byName = new Map<string, Part>();
  const byKey = new Map<string, Part>();
  for (const part of parts) {
    const { name } = part.config;
    if (name !== undefined && !byName.has(name)) byName.set(name, part);
    byKey.set(part.key, part);
  }
  return (text) => byName.get(text) ?? byKey.get(text) ?? byKey.get(keyOf(text) ?? '');
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
  finder(parts: readonly Part[]): FindPart {
    let find: FindPart | undefined;
    return (text) => {
      find ??= finder(parts, this.#keyOf);
      return find(text);
    };
  }

  #idsOf(part: Part, find: FindPart, dangling: Dangling[]): readonly string[] {
    const { dependsOn = [] } = part.config;
    if (dependsOn.length === 0) return dependsOn;
    const ids = new Set<string>();
    for (const dependency of dependsOn) {
      const found = find(dependency);
      if (found === undefined) dangling.push({ part, dependency });
      else ids.add(found.id);
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
