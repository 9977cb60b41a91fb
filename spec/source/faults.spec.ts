import { closeSync, ftruncateSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, defer, NEVER, of, Subject, throwError } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Cluster, createCluster } from '../../lib/cluster/cluster.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { toConfigs } from '../../lib/source/configs.ts';
import { fileSource } from '../../lib/source/file-source.ts';
import { httpSource } from '../../lib/source/http-source.ts';
import { mergeSources } from '../../lib/source/merge-sources.ts';
import type { Source } from '../../lib/source/source.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { failures } from '../accounting/tally.ts';
import { openOrigin, serveJson } from './http/origin.ts';
import { read, summary, temporaryDirectory } from './reading.ts';

const served = (body: string): ClusterConfig => ({
  web: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body } }] },
});

/** A cluster that follows a source from now on, and how many commits it made. */
const following = async (source: Source): Promise<Cluster> => {
  const cluster = createCluster({ logger: SILENT });
  const subscription = toConfigs(source).subscribe(cluster.siphon);
  onTestFinished(async () => {
    subscription.unsubscribe();
    await cluster.stop({ drainTimeoutMs: 0 });
  });
  await cluster.start();
  await expect.poll(() => cluster.snapshot.servers.web?.state).toBe('running');
  return cluster;
};
const ignore = (): void => undefined;
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const ask = async (cluster: Cluster): Promise<string> => (await fetch(`${cluster.snapshot.servers.web?.url}`)).text();

/** A client that counts, asking without a break. */
const counting = (cluster: Cluster) => {
  const client = createAccountingClient({
    address: () => cluster.snapshot.servers.web?.address ?? '',
    mode: 'keep-alive',
    connections: 4,
    rate: 200,
  });
  client.start();
  return client;
};

test('C1: a file cut off at every byte while it is served costs no request, and never half of it is in force', async () => {
  const path = join(temporaryDirectory(), 'a.json');
  const text = JSON.stringify({ servers: served('whole'), $schema: 'x'.repeat(1_700) });
  writeFileSync(path, text);
  const reload$ = new Subject<void>();
  const source = fileSource(path, { watch: false, reload$ });
  const cluster = await following(source);
  const revision = cluster.snapshot.revision.applied;
  const looking = read(source);
  await looking.next(0);
  const client = counting(cluster);
  for (let end = 0; end < text.length; end += 1) {
    writeFileSync(path, text.slice(0, end));
    reload$.next();
    const [event] = await looking.next(end + 1);
    expect(event?.type).toBe('failed');
  }
  const report = await client.stop();
  expect(failures(report)).toBe(0);
  expect(report.answered).toBeGreaterThan(0);
  expect(cluster.snapshot.revision.applied).toBe(revision);
  expect(await ask(cluster)).toBe('whole');
}, 60_000);

test.each([
  ['no answer at all', 'export default { servers: { web: { listen: "127.0.0.1:0" } } }', 'ERR_CONFIG'],
  ['an app that is none', 'export default { servers: { web: { listen: "127.0.0.1:0", app: 5 } } }', 'ERR_CONFIG'],
  ['a throw', 'throw new Error("no database")', 'ERR_SOURCE_IMPORT'],
  ['an import that hangs', 'await new Promise(() => {})', 'ERR_SOURCE_TIMEOUT'],
])('C17: a module with %s is refused by its path, and the old one serves', async (_, text, code) => {
  const path = join(temporaryDirectory(), 'a.mjs');
  writeFileSync(path, `export default { servers: ${JSON.stringify(served('old'))} }`);
  const reload$ = new Subject<void>();
  const options = code === 'ERR_SOURCE_TIMEOUT' ? { importTimeoutMs: 1_000 } : {};
  const source = fileSource(path, { watch: false, reload$, ...options });
  const cluster = await following(source);
  const reading = read(source);
  await reading.next(0);
  writeFileSync(path, text);
  reload$.next();
  const [event] = await reading.next(1);
  expect(summary(event)).toContain(`${path}`);
  expect(summary(event)).toContain(code);
  expect(await ask(cluster)).toBe('old');
});

describe('C20: what is too large, too deep or endless', () => {
  const DEEP = 200_000;
  const list = (text: string): string => `{"servers": ${text}}`;
  test.each([
    ['200 000 lists in JSON', 'a.json', list('['.repeat(DEEP) + ']'.repeat(DEEP)), 'ERR_SOURCE_TOO_DEEP'],
    ['200 000 objects in JSON', 'a.json', list('{"a":'.repeat(100_000)), 'ERR_SOURCE_TOO_DEEP'],
    ['200 000 lists in YAML', 'a.yaml', `servers: ${'['.repeat(DEEP)}`, 'ERR_SOURCE_TOO_DEEP'],
    ['a YAML document that contains itself', 'a.yaml', 'servers: &a { web: *a }', 'ERR_'],
    ['one that does so twice at each level', 'a.yaml', 'servers: &a { web: [*a, *a], b: *a }', 'ERR_'],
    ['a module that contains itself', 'a.mjs', 'const a = {}; a.servers = { web: a }; export default a;', 'ERR_CONFIG'],
  ])('%s is refused', async (_, name, text, code) => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, text);
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(event?.type).toBe('failed');
    expect(event?.problems[0]?.code).toContain(code);
  });

  test('of a file of 100 MB no more is read than a configuration may have', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    const handle = openSync(path, 'w');
    ftruncateSync(handle, 100_000_000);
    closeSync(handle);
    const before = process.memoryUsage().rss;
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(summary(event)).toContain('ERR_SOURCE_TOO_LARGE');
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test('the same from a URL', async () => {
    const text = list('['.repeat(DEEP) + ']'.repeat(DEEP));
    const origin = await openOrigin(serveJson(() => text));
    const [event] = await read(httpSource(`${origin.url}/a.json`, { watch: false })).next(0);
    expect(summary(event)).toContain('ERR_SOURCE_TOO_DEEP');
  });
});

describe('S2: a source that errors', () => {
  test('is opened again after a backoff, while the last good configuration is served without a break', async () => {
    let opened = 0;
    // Says something good when it is opened, and errors; at last it stays.
    const flapping = defer(() => {
      opened += 1;
      const end$ = opened > 8 ? NEVER : throwError(() => new Error(`gone ${opened}`));
      return concat(of(served(`opened ${opened}`)), end$);
    });
    const source = mergeSources([flapping], { retry: { initialMs: 2, maxMs: 10 } });
    const cluster = await following(source);
    const client = counting(cluster);
    await expect.poll(() => opened, { timeout: 10_000 }).toBeGreaterThan(8);
    await expect.poll(() => ask(cluster)).toBe('opened 9');
    const report = await client.stop();
    expect(failures(report)).toBe(0);
    expect(cluster.snapshot.state).toBe('Running');
  });

  test('without a retry leaves the last good configuration in force, and the siphon hears what happened', async () => {
    const source$ = new Subject<ClusterConfig>();
    const cluster = createCluster({ logger: SILENT });
    toConfigs(source$).subscribe(cluster.siphon);
    await cluster.start();
    source$.next(served('last'));
    await expect.poll(() => cluster.snapshot.servers.web?.state).toBe('running');
    source$.error(new Error('gone'));
    await expect.poll(() => cluster.snapshot.source).toBe('failed');
    expect(await ask(cluster)).toBe('last');
    await cluster.stop();
  });
});

test('S4: one silent source among several is named, and the others are served', async () => {
  const source = mergeSources([of(served('base')), NEVER], { names: ['base', 'tenants'], patienceMs: 50 });
  const reading = read(source);
  expect((await reading.next(0, 2)).map(summary)).toEqual([
    'failed tenants ERR_SOURCE_SILENT it has said nothing within 50 ms',
    'loaded web=127.0.0.1:0',
  ]);
  expect(await ask(await following(source))).toBe('base');
});

describe('A8: paths that lead elsewhere', () => {
  test.each([
    ['/proc/self/environ', 'ERR_SOURCE_FORMAT'],
    ['../../../../proc/self/environ', 'ERR_SOURCE_FORMAT'],
    ['http://127.0.0.1:1/a.json', 'ERR_SOURCE_FORMAT'],
    ['file:///etc/passwd', 'ERR_SOURCE_FORMAT'],
    ['\\\\server\\share\\a.json', 'ERR_SOURCE_MISSING'],
    ['/dev/stdin', 'ERR_SOURCE_FORMAT'],
  ])('%s is refused', async (path, code) => {
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(event?.type === 'failed' && event.problems[0].code).toBe(code);
  });

  test('a link to the environment of the process shows nothing of it', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    symlinkSync('/proc/self/environ', path);
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(summary(event)).toBe(`failed ${path} ERR_SOURCE_ENCODING the file is binary, or UTF-16`);
  });
});
