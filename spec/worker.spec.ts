import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as worker from '../lib/worker.ts';
import * as workers from '../lib/workers.ts';
import { builtFile } from './workers/built-workers.ts';

test('the door for worker scripts has nothing that the door for workers has not', () => {
  const all: Readonly<Record<string, unknown>> = workers;
  expect(Object.entries(worker).filter(([name, value]) => all[name] !== value)).toEqual([]);
  expect(Object.keys(worker)).toEqual(expect.arrayContaining(['isWorker', 'workerContext']));
});

test('the door for worker scripts loads no primary, and none of what takes long to load but rxjs', async () => {
  // What is resolved is told by a hook, on a thread of its own, in the order in which it is asked for.
  const hook = `export const resolve = async (specifier, context, next) => {
    const found = await next(specifier, context);
    process._rawDebug(found.url);
    return found;
  };`;
  const program = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    await import(${JSON.stringify(builtFile('worker.js'))});
  `;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const loaded = stderr.split('\n').filter((line) => /^(file|node):/.test(line));
  expect(loaded.filter((url) => url.endsWith('/workers/worker-context.js'))).toHaveLength(1);
  const packages = loaded.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  expect([...new Set(packages)]).toEqual(['rxjs']);
  expect(loaded.filter((url) => /^node:(cluster|child_process|http)/.test(url))).toEqual([]);
  expect(
    loaded.filter((url) => /\/dist\/(cluster|worker-cluster|config\/(?!address|ip|port|received))/.test(url)),
  ).toEqual([]);
});
