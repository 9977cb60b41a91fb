import { firstValueFrom, map, merge, Subject, share } from 'rxjs';
import type { Refusal } from '../../cluster/outcome.ts';
import { isCallable } from '../../config/callable.ts';
import { restoreMarks } from '../../config/secrets.ts';
import type { ClusterConfig } from '../../config/server-config.ts';
import { ModuleLoadError } from '../../module/errors.ts';
import { type LoadedModule, loadModule } from '../../module/module.ts';
import { type AppRefusal, type ResolveAppsOptions, resolveApps } from '../../source/resolve-apps.ts';
import type { ConfigData } from '../messages.ts';

/** A config with code in the place of names, or the names that lead nowhere here. */
export type Named =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** Finds the code that names in configs stand for, in this process. */
export interface Names {
  /**
   * One config after the other: whoever asks waits for the answer first. Rejects when the module of code cannot be used.
   *
   * @param anew - import again what has changed, and what Node has imported: of that nobody knows what it was made of.
   */
  resolve(config: ConfigData, anew: boolean): Promise<Named>;
}

type Code = Pick<ResolveAppsOptions, 'apps' | 'handlers' | 'middleware'>;

const KINDS = ['apps', 'handlers', 'middleware'] as const;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isApp = (value: unknown): boolean => isCallable(value) || (isRecord(value) && isCallable(value.fetch));

/** What a module of code exports; what is no code is found out here, where its name is still known. */
const codeOf =
  (path: string) =>
  ({ exports }: LoadedModule): Code => {
    const found: Record<string, unknown> = {};
    for (const kind of KINDS) {
      const byName = isRecord(exports) ? exports[kind] : undefined;
      if (byName === undefined) continue;
      if (!isRecord(byName)) throw new ModuleLoadError(path, `its export ${kind} is no object of code by name`);
      const fits = kind === 'apps' ? isApp : kind === 'handlers' ? isCallable : isRecordOrCallable;
      const wrong = Object.entries(byName).find(([, code]) => !fits(code));
      if (wrong !== undefined) throw new ModuleLoadError(path, `${kind}.${wrong[0]} is no code of that kind`);
      found[kind] = byName;
    }
    // Each member has just been looked at: records of apps, of handlers and of middleware.
    return found as Code;
  };

const isRecordOrCallable = (value: unknown): boolean => isCallable(value) || isRecord(value);

const refusalOf = ({ server = '', error }: AppRefusal): Refusal => ({
  server,
  cause: error,
  issues: 'issues' in error && Array.isArray(error.issues) ? error.issues : [],
});

/**
 * @param base - the directory that modules are loaded from, absolute.
 * @param code - the module that gives code to names, absolute; it is loaded once.
 */
export const createNames = (base: string, code: string | undefined): Names => {
  const open = async (): Promise<(servers: unknown) => Promise<Named>> => {
    const known = code === undefined ? {} : await firstValueFrom(loadModule(code).pipe(map(codeOf(code))));
    const data$ = new Subject<unknown>();
    const refused$ = new Subject<Named>();
    const onRefused: ResolveAppsOptions['onRefused'] = (refusals) =>
      refused$.next({ ok: false, refusals: refusals.map(refusalOf) });
    const named$ = data$.pipe(
      resolveApps({ onRefused, base, ...known }),
      map((config): Named => ({ ok: true, config })),
    );
    const results$ = merge(named$, refused$).pipe(share());
    // For as long as the process lives: modules that were imported stay known.
    results$.subscribe();
    return (servers) => {
      const result = firstValueFrom(results$);
      data$.next(servers);
      return result;
    };
  };
  let tracked = false;
  let opened: Promise<(servers: unknown) => Promise<Named>> | undefined;
  return {
    resolve: async ({ servers, marks }, anew) => {
      if (anew && !tracked) opened = undefined;
      tracked ||= anew;
      // Who has nothing to run needs no code: what is wrong with it is told of the config that does.
      if (Object.keys(servers).length === 0) return { ok: true, config: {} };
      opened ??= open();
      // One that could not be loaded is tried again with the next config.
      const resolve = await opened.catch((cause: unknown) => {
        opened = undefined;
        throw cause;
      });
      restoreMarks(servers, marks);
      return resolve(servers);
    },
  };
};
