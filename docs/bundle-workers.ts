/**
 * Bundles what a worker process executes, in place, after `tsc`: one file is loaded in a quarter of the time that some
 * four hundred take, and workers boot while somebody waits for them.
 *
 * Packages that are loaded when they are first needed (`createRequire`) stay outside. The licenses of what is inside are
 * written next to it, as they ask for.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What processes are started with; `main.js` of an agent does no more than import its program. */
const ENTRIES = ['workers/boot/boot.js', 'worker-cluster/agent/program.js'];

/** The folder of the package that a module belongs to; `undefined` for one of our own. */
const packageOf = (module: string): string | undefined =>
  /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module)?.[1];

const bundle = async (entry: string): Promise<readonly string[]> => {
  const file = join(root, 'dist', entry);
  const build = await rolldown({
    input: file,
    platform: 'node',
    // Packages that may not be installed are loaded as ever, or found to be missing.
    external: [/^node:/, ...Object.keys(peerDependencies)],
    // Node is given the CommonJS build of rxjs otherwise, from which nothing can be left out.
    resolve: { alias: { rxjs: join(root, 'node_modules/rxjs/dist/esm/index.js') } },
    logLevel: 'warn',
  });
  const { output } = await build.write({
    dir: dirname(file),
    format: 'esm',
    entryFileNames: '[name].js',
    // What is imported later, and what several of them share. Without a hash: the next build writes over it.
    chunkFileNames: 'chunks/[name].js',
  });
  await build.close();
  // It maps to what was there before.
  rmSync(`${file}.map`, { force: true });
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
};

const licenseOf = (folder: string): string => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
  return `${name} ${version}\n\n${text}\n`;
};

const modules = (await Promise.all(ENTRIES.map(bundle))).flat();
const folders = new Set(modules.flatMap((module) => packageOf(module) ?? []));
const licenses = [...folders].sort().map(licenseOf);
writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), licenses.join(`\n${'-'.repeat(72)}\n\n`));
