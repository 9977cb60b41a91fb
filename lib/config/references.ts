import { isPlainObject } from './plain-data.ts';
import { keepSecrets, secretsOf } from './secrets.ts';

/** What a name in data may stand for. */
export type ReferenceKind = 'app' | 'handler' | 'middleware';

/** A text in data that stands for code. */
export interface Reference {
  readonly kind: ReferenceKind;
  readonly text: string;
  /** The keys that lead to it, inside its server. */
  readonly path: readonly string[];
}

/** Every text in a server that stands for code: its app, the handlers of its routes, and middleware. Pure. */
export const referencesIn = (server: unknown): readonly Reference[] => {
  if (!isPlainObject(server)) return [];
  const { app, middleware, routes } = server;
  const references = [...referenceAt('app', app, ['app']), ...inMiddleware(middleware, ['middleware'])];
  if (!Array.isArray(routes)) return references;
  const inRoutes = routes.flatMap((route: unknown, index) => {
    if (!isPlainObject(route)) return [];
    const at = ['routes', String(index)];
    return [
      ...referenceAt('handler', route.handler, [...at, 'handler']),
      ...inMiddleware(route.middleware, [...at, 'middleware']),
    ];
  });
  return [...references, ...inRoutes];
};

const inMiddleware = (list: unknown, path: readonly string[]): readonly Reference[] =>
  Array.isArray(list)
    ? list.flatMap((item: unknown, index) => referenceAt('middleware', item, [...path, String(index)]))
    : [];

const referenceAt = (kind: ReferenceKind, value: unknown, path: readonly string[]): readonly Reference[] =>
  typeof value === 'string' ? [{ kind, text: value, path }] : [];

/**
 * A copy of a server in which code stands where its names stood. Pure; what it must not show it does not show either.
 *
 * @param found - the code, and the keys that lead to its place.
 */
export const withCode = (
  server: object,
  found: readonly { readonly path: readonly string[]; readonly code: unknown }[],
): object => {
  const copy = found.reduce<unknown>((made, { path, code }) => replaced(made, path, code), server);
  // There is a first step to every path, so that what comes out is an object as well.
  const made: object = typeof copy === 'object' && copy !== null ? copy : server;
  keepSecrets(made, secretsOf(server));
  return made;
};

const replaced = (value: unknown, path: readonly string[], code: unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return code;
  if (Array.isArray(value)) return value.with(Number(key), replaced(value[Number(key)], rest, code));
  return isPlainObject(value) ? { ...value, [key]: replaced(value[key], rest, code) } : value;
};

/** What stands for code while a config is looked at; it is never called. */
const standIn = (): never => {
  throw new TypeError('this stands for code that is elsewhere');
};

/**
 * Servers as they would be with the code that their names stand for, so that they can be looked at where it is not: in a
 * primary, whose workers load it. Those that name none are the same objects. Pure.
 */
export const withStandIns = (servers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const entries = Object.entries(servers).map(([id, server]) => {
    const found = referencesIn(server);
    if (found.length === 0 || !isPlainObject(server)) return [id, server] as const;
    return [
      id,
      withCode(
        server,
        found.map(({ path }) => ({ path, code: standIn })),
      ),
    ] as const;
  });
  return Object.fromEntries(entries);
};
