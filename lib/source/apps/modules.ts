import { readFile, realpath } from 'node:fs/promises';
import { normalize, resolve, sep } from 'node:path';
import { defer, from, type Observable, of, ReplaySubject, share, switchMap, tap, throwError } from 'rxjs';
import { ModuleLoadError } from '../../module/errors.ts';
import { type LoadedModule, loadModule } from '../../module/module.ts';

/** Modules of one directory that were loaded, for as long as somebody needs them. */
export interface Modules {
  /**
   * A module by its path from the directory: as it was loaded before while the files that made it say the same, so
   * that its exports stay the same objects, and imported anew otherwise.
   *
   * Cold: emits once and completes; errors with `ModuleLoadError` or `ModuleTimeoutError`.
   */
  load(path: string): Observable<LoadedModule>;
}

/**
 * @param base - the directory; links may not lead out of it either. Without one nothing is loaded.
 * @param deadlineMs - milliseconds one import may take.
 */
export const createModules = (base: string | undefined, deadlineMs: number | undefined): Modules => {
  const loaded = new Map<string, LoadedModule>();
  const options = deadlineMs === undefined ? {} : { deadlineMs };
  return {
    load: (path) => {
      if (base === undefined) return throwError(() => new ModuleLoadError(path, 'no modules are loaded here', NO_BASE));
      const file = resolve(base, path);
      return defer(() => from(refuseOutside(path, base, file))).pipe(
        switchMap(() => from(stillTrue(loaded.get(file)))),
        switchMap((known) =>
          known === undefined
            ? loadModule(file, options).pipe(
                tap((module) => {
                  loaded.set(file, module);
                }),
              )
            : of(known),
        ),
      );
    },
  };
};

const NO_BASE = { hint: "give 'base', the directory that modules are loaded from" };

/** The same modules, each of which is loaded once however often it is asked for: for the names of one value. */
export const oneRound = (modules: Modules): Modules => {
  const loading = new Map<string, Observable<LoadedModule>>();
  return {
    load: (path) => {
      const key = normalize(path);
      const known = loading.get(key) ?? modules.load(path).pipe(share(KEEP));
      loading.set(key, known);
      return known;
    },
  };
};

/** Whoever asks after it was loaded gets the same; who loses interest first does not stop the others. */
const KEEP = {
  connector: () => new ReplaySubject<LoadedModule>(1),
  resetOnComplete: false,
  resetOnError: false,
  resetOnRefCountZero: true,
};

/** Code is taken from the directory it was allowed from, wherever a path or a link points. */
const refuseOutside = async (path: string, base: string, file: string): Promise<void> => {
  // What does not exist is refused when it is loaded, in words of its own.
  const [root, real] = await Promise.all([base, file].map((one) => realpath(one).catch(() => undefined)));
  if (root === undefined || real === undefined || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return;
  throw new ModuleLoadError(path, `it is outside of ${base}`, { hint: 'only what is inside is loaded' });
};

const stillTrue = async (module: LoadedModule | undefined): Promise<LoadedModule | undefined> => {
  for (const [file, text] of module?.sources ?? []) {
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== text) return undefined;
  }
  return module;
};
