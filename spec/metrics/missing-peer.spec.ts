import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireBuild } from '../built.ts';

const root = join(import.meta.dirname, '..', '..');
const home = mkdtempSync(join(tmpdir(), 'sluice-peers-'));

/** The package as it is installed where nobody wants to measure anything. */
beforeAll(() => {
  requireBuild(root);
  cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(home, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === 'prom-client' || name === '@opentelemetry') continue;
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
});

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

const run = async (program: string): Promise<string> => {
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: home });
  return stdout.trim();
};

test('everything but metrics and tracing works without the packages they need', async () => {
  const program = `
    import * as sluice from './dist/index.js';
    import * as metrics from './dist/metrics.js';
    console.log(typeof sluice.createCluster, typeof metrics.createMetrics, typeof metrics.tracing);`;
  expect(await run(program)).toBe('function function function');
});

test.each([
  ['createMetrics', 'prom-client'],
  ['tracing', '@opentelemetry/api'],
])('%s says that %s is missing, and how to install it', async (name, peer) => {
  const program = `
    import { ${name}, MissingPeerError } from './dist/metrics.js';
    const error = await ${name}().catch((cause) => cause);
    console.log(error instanceof MissingPeerError, error.code, error.peer, error.hint);`;
  expect(await run(program)).toBe(`true ERR_MISSING_PEER ${peer} npm install ${peer}`);
});
