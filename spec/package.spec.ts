import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireBuild } from './built.ts';

const root = join(import.meta.dirname, '..');
const packageJson: {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly scripts: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(packageJson.exports).map((path) => path.replace(/^\./, packageJson.name));
const doors = entries.filter((entry) => !entry.endsWith('.json'));

const imports = doors.map((door, index) => `export * as door${index} from '${door}';`);
const consumer = `
import { type Cluster, createCluster } from '${packageJson.name}';
export const cluster: Cluster = createCluster();
// @ts-expect-error -- types that resolve to any would accept this
cluster.apply(42);
`;

const minuteMs = 60_000;
let project: string;
let tarball: string;
let packed: readonly string[];

/** Runs a command in the empty project; rejects with its output unless it exits with 0. */
const run = async (command: string, ...args: readonly string[]): Promise<string> => {
  // What npm and the test runner put into the environment of `npm test` would configure these commands too.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV$|TEST$|VITEST)/.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(command, args, { cwd: project, env }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error([error.message, error.stdout, error.stderr].join('\n'));
    },
  );
  return stdout;
};

beforeAll(async () => {
  requireBuild(root);
  project = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // Without scripts: `prepack` would replace the build under the feet of other specs.
  const [pack]: readonly [{ readonly filename: string; readonly files: readonly { readonly path: string }[] }] =
    JSON.parse(await run('npm', 'pack', root, '--ignore-scripts', '--json'));
  tarball = join(project, pack.filename);
  packed = pack.files.map(({ path }) => path);
  await run('npm', 'install', tarball, '--prefer-offline', '--no-audit', '--no-fund');
}, 3 * minuteMs);

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

describe('the packed package', { timeout: minuteMs }, () => {
  test('contains the build, its sources and what people read, and nothing else', () => {
    const rest = packed.filter((path) => !path.startsWith('dist/') && !path.startsWith('lib/'));
    expect(rest.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  });

  test('contains no output whose source is gone', () => {
    const orphans = packed
      .filter((path) => /^dist\/.*\.(js|d\.ts)(\.map)?$/.test(path))
      // Parts of what is bundled, of many sources.
      .filter((path) => !path.includes('/chunks/'))
      .filter((path) => !packed.includes(path.replace(/^dist\/(.*?)(\.d\.ts|\.js)(\.map)?$/, 'lib/$1.ts')));
    expect(orphans).toEqual([]);
  });

  test('runs nothing when it is installed', () => {
    expect(Object.keys(packageJson.scripts).filter((name) => /install|^prepare$/.test(name))).toEqual([]);
  });

  test.each(doors)('%s can be imported, says nothing and keeps nothing running', async (door) => {
    const program = `const door = await import('${door}'); process.exitCode = Object.keys(door).length === 0 ? 1 : 0;`;
    expect(await run('node', '--input-type=module', '--eval', program)).toBe('');
  });

  test.each(entries.filter((entry) => !doors.includes(entry)))('%s can be read', async (entry) => {
    const program = `import data from '${entry}' with { type: 'json' }; console.log(Object.keys(data).length > 0);`;
    expect(await run('node', '--no-warnings', '--input-type=module', '--eval', program)).toBe('true\n');
  });

  // The first of the two also checks the declarations themselves, and those of what the package depends on.
  test.each([
    ['node', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
    ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler', '--skipLibCheck']],
  ])('has types for %s', async (_, modules) => {
    writeFileSync(join(project, 'consumer.ts'), `${imports.join('\n')}\n${consumer}`);
    const options = '--noEmit --strict --target es2022 --lib es2023,esnext.disposable --types node'.split(' ');
    const types = ['--typeRoots', join(root, 'node_modules/@types')];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    await run('node', tsc, 'consumer.ts', ...options, ...types, ...modules);
  });

  test('has a command', async () => {
    expect(await run('npx', '--no-install', 'sluice', '--help')).toContain('sluice');
  });

  test('is clean for publint', async () => {
    // publint wants the bytes alone, and a small file may share its buffer with others.
    const bytes = new Uint8Array(readFileSync(tarball)).buffer;
    const { messages } = await publint({ pack: { tarball: bytes }, strict: true });
    expect(messages.map((message) => formatMessage(message, packageJson))).toEqual([]);
  });

  test('is clean for attw', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    await run('node', attw, tarball, '--profile', 'esm-only', '--no-definitely-typed');
  });
});
