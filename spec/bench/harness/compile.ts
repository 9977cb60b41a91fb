import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Inside the project, so that packages resolve; one folder per run, so that two runs do not meet. */
const target = join(root, '.sluice', `bench-${process.pid}`);

/** Where a file of the project lies once it is compiled. */
export const compiled = (source: string): string => join(target, source.replace(/\.ts$/, '.js'));

const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));

/**
 * Compiles the benches' servers to plain JavaScript and puts the built library where their imports of `lib/` point:
 * they are checked against the sources and run against `dist/`, the code that ships. A copy of it, so that nobody
 * rebuilds it under a running bench.
 *
 * @param subject - folder of the built library; that of another checkout compares two versions.
 */
export const compileServers = (subject: string): void => {
  const library = resolve(root, subject);
  if (!existsSync(join(library, 'index.js'))) throw new Error(`no built library in ${library}: npm run build`);
  process.once('exit', () => rmSync(target, { recursive: true, force: true }));
  for (const source of [...sources('spec/bench'), ...sources('spec/accounting'), ...sources('spec/attack')]) {
    const { outputText } = ts.transpileModule(readFileSync(join(root, source), 'utf8'), {
      fileName: source,
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    mkdirSync(dirname(compiled(source)), { recursive: true });
    writeFileSync(compiled(source), outputText);
  }
  cpSync(library, join(target, 'lib'), { recursive: true });
};
