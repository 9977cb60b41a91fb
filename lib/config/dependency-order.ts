/** Something that names what it depends on by id. */
export interface Dependent {
  readonly dependsOn: readonly string[];
}

/** How deep in the chain of dependencies everybody is, and which chains lead back to where they began. */
export interface DependencySurvey {
  /** 0 for those that depend on nobody who is there, otherwise one more than the deepest of those. */
  readonly levels: ReadonlyMap<string, number>;
  /** Each is a chain whose last id depends on its first one. Taking any one id of each away leaves none. */
  readonly cycles: readonly (readonly string[])[];
}

interface Visit {
  readonly id: string;
  readonly dependsOn: readonly string[];
  next: number;
  level: number;
}

/** A visit that is not over: whoever comes by it from below has gone round in a circle. */
const OPEN = -1;

/**
 * Looks at who depends on whom. Pure, and linear in the number of servers and dependencies.
 *
 * Ids that are not there are passed over. The dependency that closes a cycle is left out of the levels, so that there is
 * an order whatever it is given.
 *
 * @see depth-first topological sort (Tarjan 1976), with a stack of its own: a chain may be longer than the call stack.
 */
export const surveyDependencies = (all: ReadonlyMap<string, Dependent>): DependencySurvey => {
  const levels = new Map<string, number>();
  const cycles: (readonly string[])[] = [];
  const tails = new Set<string>();
  const stack: Visit[] = [];
  const visit = (id: string, { dependsOn }: Dependent): void => {
    levels.set(id, OPEN);
    stack.push({ id, dependsOn, next: 0, level: 0 });
  };
  const step = (top: Visit): void => {
    const id = top.dependsOn[top.next];
    top.next += 1;
    if (id === undefined) {
      levels.set(top.id, top.level);
      stack.pop();
      const below = stack.at(-1);
      if (below !== undefined) below.level = Math.max(below.level, top.level + 1);
      return;
    }
    const dependency = all.get(id);
    if (dependency === undefined) return;
    const level = levels.get(id);
    if (level === undefined) visit(id, dependency);
    else if (level !== OPEN) top.level = Math.max(top.level, level + 1);
    // One cycle for each id that closes some is enough to break them all.
    else if (!tails.has(top.id)) {
      tails.add(top.id);
      cycles.push(stack.slice(stack.findIndex((open) => open.id === id)).map((open) => open.id));
    }
  };
  for (const [id, one] of all) {
    if (levels.has(id)) continue;
    visit(id, one);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) step(top);
  }
  return { levels, cycles };
};

/** Whether anybody depends on anybody; what nobody uses costs one look. */
export const anyDependsOn = (all: Iterable<Dependent>): boolean => {
  for (const { dependsOn } of all) if (dependsOn.length > 0) return true;
  return false;
};

/** Everybody is on the same level. */
const NO_LEVELS: ReadonlyMap<string, number> = new Map();

/** The levels of `surveyDependencies`, or none when nobody depends on anybody. */
export const dependencyLevels = (all: ReadonlyMap<string, Dependent>): ReadonlyMap<string, number> =>
  anyDependsOn(all.values()) ? surveyDependencies(all).levels : NO_LEVELS;

const groupsOf = <T>(items: readonly T[], levels: ReadonlyMap<string, number>, idOf: (item: T) => string): T[][] => {
  const groups: T[][] = [];
  for (const item of items) {
    const level = levels.get(idOf(item)) ?? 0;
    const equals = groups[level];
    if (equals === undefined) groups[level] = [item];
    else equals.push(item);
  }
  // Levels at which nobody is were holes until now.
  return groups.filter((group) => group !== undefined);
};

/** Sorts for a start: the lowest level first, equals in the order they have. What has no level has the lowest. */
export const inStartOrder = <T>(
  items: readonly T[],
  levels: ReadonlyMap<string, number>,
  idOf: (item: T) => string,
): readonly T[] => (levels.size === 0 ? items : groupsOf(items, levels, idOf).flat());

/** Sorts for a stop: the highest level first, equals in the order they have. */
export const inStopOrder = <T>(
  items: readonly T[],
  levels: ReadonlyMap<string, number>,
  idOf: (item: T) => string,
): readonly T[] => (levels.size === 0 ? items : groupsOf(items, levels, idOf).reverse().flat());
