import { posix } from 'node:path';
import type { Import, Module, SourceText } from './modules.ts';

/** Who may import whom. Folders and files are named from `lib/`: `server/http`, `log/consola.ts`. */
export interface Layout {
  /** The rooms, lowest tier first. A room imports rooms of the tiers below its own. */
  readonly tiers: readonly (readonly string[])[];
  /** Everything from outside the package. The first entry that names a module decides. */
  readonly vendors: readonly Vendor[];
}

export interface Vendor {
  /** A package with all its subpaths, a Node module, or a prefix that ends in `*`. */
  readonly name: string;
  /** Where it may be imported; `['']` is everywhere. */
  readonly code: readonly string[];
  /** Where its types may be imported as well, with `import type`. */
  readonly types?: readonly string[];
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.');
const target = (module: Module, specifier: string): string => posix.join(posix.dirname(module.path), specifier);
const segments = (path: string): readonly string[] => path.split('/').slice(1);
const isDoor = (path: string): boolean => segments(path).length === 1;
const room = (path: string): string => segments(path)[0] ?? '';
const at = (module: Module, { line }: Import): string => `${module.path}:${line}`;

/** Looks at every import of every room that stays inside `lib/`. */
const eachInside = (
  modules: readonly Module[],
  judge: (module: Module, to: string) => string | undefined,
): readonly string[] =>
  modules
    .filter(({ path }) => !isDoor(path))
    .flatMap((module) =>
      module.imports
        .filter(({ specifier }) => isRelative(specifier))
        .flatMap((found) => {
          const fault = judge(module, target(module, found.specifier));
          return fault === undefined ? [] : [`${at(module, found)} ${fault}`];
        }),
    );

/** A room imports a room of its own tier or above, a door, or a room nobody has heard of. */
export const wrongDirections = (modules: readonly Module[], { tiers }: Layout): readonly string[] => {
  const tierOf = (name: string): number => tiers.findIndex((tier) => tier.includes(name));
  const homeless = [...new Set(modules.filter(({ path }) => !isDoor(path)).map(({ path }) => room(path)))]
    .filter((name) => tierOf(name) === -1)
    .map((name) => `lib/${name} is in no tier: give the room its place in spec/architecture.spec.ts`);
  const wrong = eachInside(modules, (module, to) => {
    if (!to.startsWith('lib/')) return `imports ${to}, which is outside lib`;
    if (isDoor(to)) return `imports the door ${to}: doors are for those outside`;
    const [from, below] = [room(module.path), room(to)];
    if (from === below || tierOf(below) < tierOf(from)) return undefined;
    return `imports ${to}: ${from} does not stand above ${below}`;
  });
  return [...homeless, ...wrong];
};

/** A room reaches into an implementation folder of another one. */
export const implementationImports = (modules: readonly Module[]): readonly string[] =>
  eachInside(modules, (module, to) =>
    segments(to).length > 2 && room(to) !== room(module.path)
      ? `imports ${to}, an implementation inside ${room(to)}: import the contract of the room`
      : undefined,
  );

/** An import that does not name a file of `lib/` as it is called on disk. */
export const unknownFiles = (modules: readonly Module[]): readonly string[] => {
  const known = new Set(modules.map(({ path }) => path));
  return modules.flatMap((module) =>
    module.imports
      .filter(({ specifier }) => isRelative(specifier) && !known.has(target(module, specifier)))
      .map((found) => `${at(module, found)} imports '${found.specifier}', which is no file of lib (name it with .ts)`),
  );
};

/** Files that import each other in a circle; each circle is named once, from its first file on. */
export const cycles = (modules: readonly Module[]): readonly string[] => {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path].join(' → '));
    const module = byPath.get(path);
    if (start !== -1 || module === undefined || done.has(path)) return;
    for (const { specifier } of module.imports) {
      if (isRelative(specifier)) visit(target(module, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return found;
};

/** A package or Node module imported outside the folders that may know it. */
export const wrongVendors = (modules: readonly Module[], { vendors }: Layout): readonly string[] =>
  modules.flatMap((module) =>
    module.imports
      .filter(({ specifier }) => !isRelative(specifier))
      .flatMap((found) => {
        const vendor = vendors.find(({ name }) => isFrom(found.specifier, name));
        if (vendor === undefined)
          return [`${at(module, found)} imports ${found.specifier}, which no folder may import`];
        const places = found.typeOnly ? [...vendor.code, ...(vendor.types ?? [])] : vendor.code;
        if (places.some((place) => isIn(module.path, place))) return [];
        const what = found.typeOnly ? 'types of ' : '';
        return [`${at(module, found)} imports ${what}${found.specifier}, which belongs to ${places.join(', ')}`];
      }),
  );

const isFrom = (specifier: string, name: string): boolean =>
  name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name || specifier.startsWith(`${name}/`);
const isIn = (path: string, place: string): boolean =>
  place === '' || path === `lib/${place}` || path.startsWith(`lib/${place}/`);

const drawers = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'shared', 'base', 'manager', 'types'];

/** A file or folder whose name says that something lies in it, not what; or an `index.ts` inside a room. */
export const emptyNames = (sources: readonly SourceText[]): readonly string[] =>
  sources.flatMap(({ path }) => {
    const names = segments(path).map((segment) => segment.replace(/\.ts$/, ''));
    const drawer = names.find((name) => drawers.includes(name.split('-').at(-1) ?? ''));
    const odd = names.find((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
    if (drawer !== undefined) return [`${path}: '${drawer}' is a drawer, not a name`];
    if (odd !== undefined) return [`${path}: '${odd}' is not kebab-case`];
    return names.at(-1) === 'index' && !isDoor(path) ? [`${path}: a room has no index.ts, import its files`] : [];
  });

/** A file so long that a second noun hides in it. */
export const longFiles = (sources: readonly SourceText[], limit = 300): readonly string[] =>
  sources.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    return lines > limit ? [`${path} has ${lines} lines (at most ${limit}): look for a second noun`] : [];
  });
