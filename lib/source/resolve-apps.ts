import {
  catchError,
  defer,
  forkJoin,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  switchMap,
} from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import { parseModuleReference } from '../config/module-reference.ts';
import { nearest } from '../config/nearest.ts';
import { parseCluster } from '../config/parse.ts';
import { isPlainObject } from '../config/plain-data.ts';
import { reasonOf } from '../config/received.ts';
import { type Reference, type ReferenceKind, referencesIn, withCode } from '../config/references.ts';
import type { App, ClusterConfig, CommitMode, HandlerRoute, ServerConfig } from '../config/server-config.ts';
import { isWrapped } from '../config/wrapped.ts';
import { ModuleLoadError } from '../module/errors.ts';
import { exportOf } from '../module/exported.ts';
import { createModules, type Modules, oneRound } from './apps/modules.ts';
import { UnknownNameError } from './errors.ts';

/** One server that could not be made runnable, and why. */
export interface AppRefusal {
  /** Its id; absent when the data as a whole is no set of servers. */
  readonly server?: string;
  /** Where inside the server: `app`, `routes.0.handler`; empty for the server as a whole. */
  readonly path: string;
  /** The name that stood there, when it was that of code. */
  readonly reference?: string;
  /**
   * `UnknownNameError`, `ModuleLoadError`, `ModuleTimeoutError`; `ConfigError` when everything was found and the
   * configuration is not valid.
   */
  readonly error: Error;
}

/** Where names in data lead to, and who hears of those that lead nowhere. */
export interface ResolveAppsOptions {
  /** Told once about each value that was not taken as it is. What it throws is dropped. */
  readonly onRefused: (refusals: readonly [AppRefusal, ...AppRefusal[]]) => void;
  /** Apps by the names that data gives them. */
  readonly apps?: Readonly<Record<string, App>>;
  /** Handlers of routes by name. */
  readonly handlers?: Readonly<Record<string, HandlerRoute['handler']>>;
  /** Middleware of servers and routes by name. */
  readonly middleware?: Readonly<Record<string, NonNullable<ServerConfig['middleware']>[number]>>;
  /** The directory that modules are loaded from, and never from outside of it. Not given, no module is loaded. */
  readonly base?: string;
  /** Milliseconds one import may take; 10 000 by default. */
  readonly deadlineMs?: number;
  /**
   * `'atomic'` by default: a value with anything wrong in it is not emitted. `'independent'`: of servers that are wrong
   * the last good version is emitted, or none when there was none.
   */
  readonly commit?: CommitMode;
}

/**
 * Turns desired servers that are data into such that can be run, before they reach the siphon: wherever data names an
 * app (`app`), a handler of a route (`handler`) or middleware, the name is replaced by the code.
 *
 * A name that starts with `./`, `../` or `/` is a module below `base`, with `#name` for another export than the default
 * one; any other is looked up in `apps`, `handlers` or `middleware`. A module is imported once and keeps its exports
 * until one of the files it was made of changes, which each value looks at: an equal value gives equal servers.
 *
 * A value with a name that leads nowhere, a module that throws or hangs, or anything else that is not valid is told to
 * `onRefused` and not emitted: what was emitted before stays in force. The stream goes on.
 *
 * While modules are loaded a newer value abandons the older one, of which nobody hears any more. Emits in the same turn
 * where no module is needed. Completes and errors with the source; unsubscribing abandons what is loaded.
 */
export const resolveApps =
  (options: ResolveAppsOptions): OperatorFunction<unknown, ClusterConfig> =>
  (data$) =>
    defer(() => {
      const modules = createModules(options.base, options.deadlineMs);
      let lastGood: ClusterConfig = {};
      return data$.pipe(
        switchMap((data) => resolved(data, modules, options)),
        mergeMap(({ servers, refusals }) => {
          const [first, ...rest] = refusals;
          if (first !== undefined) tell(options.onRefused, [first, ...rest]);
          if (servers === undefined || (first !== undefined && options.commit !== 'independent')) return [];
          lastGood = withLastGood(servers, refusals, lastGood);
          return [lastGood];
        }),
      );
    });

interface Resolved {
  /** Not there when the data is no set of servers. */
  readonly servers: Readonly<Record<string, unknown>> | undefined;
  readonly refusals: readonly AppRefusal[];
}

/** Emits once and completes; never errors. */
const resolved = (data: unknown, modules: Modules, options: ResolveAppsOptions): Observable<Resolved> =>
  defer(() => {
    if (!isPlainObject(data)) return of(checked(data, []));
    const round = oneRound(modules);
    const servers = Object.entries(data);
    const wanted = servers.map(([id, server]) =>
      referencesIn(server).map((reference) => find(reference, round, options).pipe(map((found) => ({ id, ...found })))),
    );
    const all = wanted.flat();
    return (all.length === 0 ? of([]) : forkJoin(all)).pipe(
      map((found) => {
        const made = servers.map(([id, server]) => {
          const own = found.filter((one) => one.id === id).filter(({ error }) => error === undefined);
          return [id, own.length > 0 && isPlainObject(server) ? withCode(server, own) : server] as const;
        });
        const refusals = found.flatMap(({ id, path, text, error }) =>
          error === undefined ? [] : [{ server: id, path: path.join('.'), reference: text, error }],
        );
        return checked(Object.fromEntries(made), refusals);
      }),
    );
  }).pipe(
    // Data that throws when it is read: a getter, a proxy.
    catchError((cause: unknown) => of(checked(undefined, [{ path: '', error: unreadable(cause) }]))),
  );

interface Found extends Reference {
  readonly code: unknown;
  readonly error: Error | undefined;
}

/** Finds the code that a name stands for. Emits once and completes; never errors. */
const find = (reference: Reference, modules: Modules, options: ResolveAppsOptions): Observable<Found> => {
  const { text, kind } = reference;
  const failed = (error: Error): Observable<Found> => of({ ...reference, code: undefined, error });
  if (!/^(?:\.{0,2}\/)/.test(text)) {
    const known = { app: options.apps, handler: options.handlers, middleware: options.middleware }[kind] ?? {};
    if (Object.hasOwn(known, text)) return of({ ...reference, code: known[text], error: undefined });
    return failed(new UnknownNameError(NAMES[kind], text, nearest(text, Object.keys(known))));
  }
  const module = parseModuleReference(text);
  if (module === undefined) return failed(new ModuleLoadError(text, 'this names no module'));
  return modules.load(module.path).pipe(
    map(({ exports }): Found => {
      const code = exportOf(exports, module.export);
      const what = module.export === 'default' ? 'default export' : `export named ${module.export}`;
      const error = code === undefined ? new ModuleLoadError(module.path, `it has no ${what}`) : undefined;
      return { ...reference, code, error };
    }),
    catchError((cause: unknown) => failed(cause instanceof Error ? cause : new ModuleLoadError(text, reasonOf(cause)))),
  );
};

const NAMES: Readonly<Record<ReferenceKind, string>> = {
  app: 'app',
  handler: 'handler',
  middleware: 'middleware',
};

/** Adds what is not valid; of a server whose code was not found, that is all there is to say. */
const checked = (data: unknown, refusals: readonly AppRefusal[]): Resolved => {
  const refused = new Set(refusals.map(({ server }) => server));
  const { issues } = refused.has(undefined) ? { issues: [] } : parseCluster(data);
  const further = issues
    .filter(({ server }) => server === undefined || !refused.has(server))
    .map((issue: Issue): AppRefusal => {
      const { server, path } = issue;
      return { ...(server === undefined ? {} : { server }), path, error: new ConfigError([issue]) };
    });
  const servers = isPlainObject(data) && !isWrapped(data) ? data : undefined;
  return { servers, refusals: [...refusals, ...further] };
};

const withLastGood = (
  servers: Readonly<Record<string, unknown>>,
  refusals: readonly AppRefusal[],
  lastGood: ClusterConfig,
): ClusterConfig => {
  const refused = new Set(refusals.map(({ server }) => server));
  const entries = Object.entries(servers).map(([id, server]) => [id, refused.has(id) ? lastGood[id] : server] as const);
  // `checked` has read every server and named those that are none; the others are what they have to be.
  return Object.fromEntries(entries.filter(([, server]) => server !== undefined)) as ClusterConfig;
};

const unreadable = (cause: unknown): Error =>
  new ConfigError(
    [{ path: '', expected: 'servers by id', received: 'an object', message: `cannot be read: ${reasonOf(cause)}` }],
    { cause },
  );

const tell = (onRefused: ResolveAppsOptions['onRefused'], refusals: readonly [AppRefusal, ...AppRefusal[]]): void => {
  try {
    onRefused(refusals);
  } catch {
    // It was to be told what failed; there is nobody to tell that telling failed.
  }
};
