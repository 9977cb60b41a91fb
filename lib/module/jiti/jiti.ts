import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Jiti, TransformOptions, TransformResult } from 'jiti';
import { parseJson } from '../../config/json-text.ts';
import { positionAt } from '../../config/place.ts';
import { ModuleSyntaxError } from '../errors.ts';
import type { ModuleImport } from '../module-import.ts';
import { syntaxErrorIn, thrownAt } from './compiled.ts';

const require = createRequire(import.meta.url);

/** Loaded when it is first needed: that takes 30 ms, which every process that only imports this would pay. */
const loadJiti = (): typeof import('jiti') => require('jiti');

type ImportFunction = (id: string, options?: unknown) => Promise<unknown>;

/**
 * Imports a TypeScript or JavaScript module anew, together with the files of the project it imports, however often
 * they were imported before. Packages keep the instance they have: two copies of `rxjs` or `hono` would not know each
 * other's objects.
 *
 * Of the project is what is imported by path (`./routes.ts`, a JSON file too); a package is what is imported by name.
 * A file that CommonJS code loads with `require` is not followed: it stays what it was.
 *
 * @param file - full path.
 * @param text - what stands in it, so that what was compared is what runs.
 */
export const importFresh = (file: string, text: string): ModuleImport => {
  const sources = new Map<string, string | undefined>([[file, text]]);
  // One table for the whole graph, and a new one each time: modules meet within an import, and never across two.
  const cache = {};
  const compiled = new Map<string, string>();

  const evaluate = (jiti: Jiti, path: string, source: string): unknown =>
    jiti.evalModule(source, { id: path, filename: path, ext: extname(path), async: true, forceTranspile: true, cache });

  const importProjectFiles =
    (importAny: ImportFunction, jiti: Jiti, importer: string): ImportFunction =>
    async (id, options) => {
      if (!/^(?:\.{0,2}\/|file:)/.test(id)) return importAny(id, options);
      const url = jiti.esmResolve(id, { try: true });
      if (url === undefined) {
        sources.set(resolve(dirname(importer), id), undefined);
        return importAny(id, options);
      }
      const path = fileURLToPath(url);
      // In a cycle, or imported a second time: what is there so far, as CommonJS and jiti do.
      if (path in cache) return importAny(id, options);
      const source = readFileSync(path, 'utf8');
      sources.set(path, source);
      return extname(path) === '.json' ? jsonModule(path, source) : evaluate(jiti, path, source);
    };

  const options = {
    // Code compiled earlier is not taken from a cache: by default that is in /tmp, where others may put theirs.
    fsCache: false,
    moduleCache: false,
    sourceMaps: true,
    debug: false,
  };
  const { createJiti } = loadJiti();
  const compiler = createJiti(file, options);
  const jiti = createJiti(file, {
    ...options,
    transform: (transform: TransformOptions): TransformResult => {
      const code = compiler.transform(transform);
      const error = syntaxErrorIn(code);
      if (error !== undefined) throw error;
      compiled.set(transform.filename ?? file, code);
      return { code: `${REDIRECT}${code}` };
    },
    // Not an option of jiti: a way for the code below to find this function. jiti passes its options on as they are.
    importProjectFiles,
  } as Parameters<typeof import('jiti').createJiti>[1]);

  return {
    // Compiling throws at once, inside the function that makes it a rejection.
    exports: (async () => evaluate(jiti, file, text))(),
    sources,
    thrownAt: (cause) => thrownAt(cause, compiled),
  };
};

/**
 * Goes in front of every compiled module. jiti hands ES modules to Node's own loader, which keeps them for ever; its
 * compiled code imports through the variable `jitiImport`, so that is where project files are taken over. No line
 * break: the lines of the module keep their numbers.
 */
const REDIRECT = 'jitiImport = require.options.importProjectFiles(jitiImport, require, __filename);';

const jsonModule = (file: string, source: string): unknown => {
  const parsed = parseJson(source.replace(/^\uFEFF/, ''));
  if (parsed.ok) return { __esModule: true, default: parsed.value };
  const [fault] = parsed.faults;
  throw new ModuleSyntaxError(fault.message, { file, ...positionAt(source, fault.at ?? 0) });
};
