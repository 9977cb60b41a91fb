import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, defer, lastValueFrom, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import { ConfigError } from '../../lib/config/errors.ts';
import { keepSecrets, secretsOf } from '../../lib/config/secrets.ts';
import type { ClusterConfig } from '../../lib/config/server-config.ts';
import { ModuleLoadError, ModuleTimeoutError } from '../../lib/module/errors.ts';
import { UnknownNameError } from '../../lib/source/errors.ts';
import { type AppRefusal, type ResolveAppsOptions, resolveApps } from '../../lib/source/resolve-apps.ts';
import { marbles } from '../reactive/marbles.ts';
import { temporaryDirectory } from './reading.ts';

const shop = (): Response => new Response('shop');
const admin = (): Response => new Response('admin');
const handler = (): Response => new Response('handler');
const first = async (_: unknown, next: () => Promise<void>): Promise<void> => next();

const directoryWith = (files: Readonly<Record<string, string>>): string => {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
};

/** Everything that comes of some values, pushed one after the other when the one before has come to its end. */
const resolve = async (
  options: Partial<ResolveAppsOptions>,
  ...values: readonly unknown[]
): Promise<{ readonly configs: readonly ClusterConfig[]; readonly refusals: readonly AppRefusal[] }> => {
  const configs: ClusterConfig[] = [];
  const refusals: AppRefusal[] = [];
  const data$ = new Subject<unknown>();
  let told = 0;
  const onRefused = (found: readonly AppRefusal[]): void => {
    refusals.push(...found);
    told += 1;
  };
  const subscription = data$.pipe(resolveApps({ ...options, onRefused })).subscribe((config) => {
    configs.push(config);
    told += 1;
  });
  for (const value of values) {
    const before = told;
    data$.next(value);
    await expect.poll(() => told, { timeout: 5_000 }).toBeGreaterThan(before);
  }
  subscription.unsubscribe();
  return { configs, refusals };
};

const listen = '127.0.0.1:0';
const web = (app: unknown): unknown => ({ web: { listen, app } });

describe('names that were registered', () => {
  test('are replaced by what they stand for, in apps, handlers and middleware', async () => {
    const data = {
      web: { listen, app: 'shop' },
      api: {
        listen,
        middleware: ['first', { accessLog: true }],
        routes: [
          { path: '/a', handler: 'answer', middleware: ['first'] },
          { path: '/b', respond: { body: 'shop' } },
        ],
      },
      gone: null,
    };
    const options = { apps: { shop }, handlers: { answer: handler }, middleware: { first } };
    const { configs, refusals } = await resolve(options, data);
    expect(refusals).toEqual([]);
    expect(configs).toEqual([
      {
        web: { listen, app: shop },
        api: {
          listen,
          middleware: [first, { accessLog: true }],
          routes: [
            { path: '/a', handler, middleware: [first] },
            { path: '/b', respond: { body: 'shop' } },
          ],
        },
        gone: null,
      },
    ]);
    // What it was given is not changed.
    expect(data.web.app).toBe('shop');
  });

  test('that are unknown are refused with the server, the place and the nearest name', async () => {
    const { configs, refusals } = await resolve({ apps: { shop } }, web('shpo'));
    expect(configs).toEqual([]);
    expect(refusals).toMatchObject([{ server: 'web', path: 'app', reference: 'shpo' }]);
    expect(refusals[0]?.error).toBeInstanceOf(UnknownNameError);
    expect(refusals[0]?.error).toMatchObject({ code: 'ERR_UNKNOWN_NAME', hint: "did you mean 'shop'?" });
  });

  test('are those of the registry and of nothing it inherits', async () => {
    const names = ['toString', '__proto__', 'constructor'];
    const { refusals } = await resolve({ apps: { shop } }, ...names.map(web));
    expect(refusals.map(({ error }) => error.message)).toEqual(names.map((name) => `there is no app named ${name}`));
  });

  test('code that is code already stays, and equal data gives servers that are equal', async () => {
    const { configs } = await resolve({ apps: { shop } }, web(admin), web('shop'), web('shop'));
    expect(configs.map((config) => config.web?.app)).toEqual([admin, shop, shop]);
  });

  test('what a server must not show it does not show afterwards', async () => {
    const server = { listen, app: 'shop' };
    keepSecrets(server, [{ path: 'name', written: 'x', values: { X: 'y' } }]);
    const { configs } = await resolve({ apps: { shop } }, { web: server });
    expect(secretsOf(configs[0]?.web)).toEqual(secretsOf(server));
  });
});

describe('modules', () => {
  const body = async (config: ClusterConfig | undefined): Promise<string> => {
    const app = config?.web?.app;
    const fetch = typeof app === 'function' ? app : app?.fetch;
    const answer = await fetch?.(new Request('http://localhost/'), { incoming: undefined, outgoing: undefined });
    return answer?.text() ?? '';
  };
  const app = (text: string): string => `export default () => new Response('${text}');`;

  test('are loaded from below the base, by default or named export', async () => {
    const named = `${app('default')} export const other = { fetch: () => new Response('other') };`;
    const base = directoryWith({ 'a.ts': named });
    const { configs } = await resolve({ base }, web('./a.ts'), web('./a.ts#other'));
    expect([await body(configs[0]), await body(configs[1])]).toEqual(['default', 'other']);
  });

  test('keep their exports until one of their files changes', async () => {
    const base = directoryWith({ 'a.ts': "import { text } from './b.ts'; export default () => new Response(text);" });
    writeFileSync(join(base, 'b.ts'), "export const text = 'one';");
    const data$ = new Subject<unknown>();
    const configs: ClusterConfig[] = [];
    data$.pipe(resolveApps({ base, onRefused: () => undefined })).subscribe((config) => configs.push(config));
    for (const text of ['one', 'one', 'two']) {
      writeFileSync(join(base, 'b.ts'), `export const text = '${text}';`);
      const count = configs.length;
      data$.next(web('./a.ts'));
      await expect.poll(() => configs.length).toBe(count + 1);
    }
    expect(configs[1]?.web?.app).toBe(configs[0]?.web?.app);
    expect(configs[2]?.web?.app).not.toBe(configs[0]?.web?.app);
    expect(await body(configs[2])).toBe('two');
  });

  test('that several servers name are one', async () => {
    const base = directoryWith({ 'a.ts': 'export default () => new Response(); export const b = {};' });
    const { configs } = await resolve({ base }, { a: { listen, app: './a.ts' }, b: { listen, app: './x/../a.ts' } });
    expect(configs[0]?.a?.app).toBe(configs[0]?.b?.app);
  });

  test.each([
    ['a missing file', './gone.ts', ModuleLoadError, /there is no such file/],
    ['a throw', './throws.ts', ModuleLoadError, /the module threw: no database/],
    ['a syntax error', './syntax.ts', ModuleLoadError, /unexpected token/i],
    ['a missing export', './a.ts#gone', ModuleLoadError, /it has no export named gone/],
    ['an import that hangs', './hangs.ts', ModuleTimeoutError, /hangs\.ts was not ready within 50 ms/],
    ['an export that is no app', './a.ts#five', ConfigError, /web\.app: must be a Hono app/],
    ['a path that names nothing', './a.ts#1', ModuleLoadError, /this names no module/],
    ['a path that leads out', '../a.ts', ModuleLoadError, /no such file|is outside of/],
    ['a link that leads out', './link.ts', ModuleLoadError, /is outside of/],
    ['an absolute path elsewhere', '/etc/hostname', ModuleLoadError, /is outside of/],
  ])('%s is a refusal that names server and path', async (_, reference, type, message) => {
    const base = directoryWith({
      'a.ts': 'export const five = 5; export default () => new Response();',
      'throws.ts': "throw new Error('no database');",
      'syntax.ts': 'export default {',
      'hangs.ts': 'await new Promise(() => {});',
    });
    const outside = directoryWith({
      'evil.ts': 'globalThis.sluiceSpecEvil = true; export default () => new Response();',
    });
    symlinkSync(join(outside, 'evil.ts'), join(base, 'link.ts'));
    const { configs, refusals } = await resolve(
      { base, ...(type === ModuleTimeoutError ? { deadlineMs: 50 } : {}) },
      web(reference),
    );
    expect(configs).toEqual([]);
    expect(refusals).toMatchObject([{ server: 'web', path: 'app' }]);
    expect(refusals[0]?.error).toBeInstanceOf(type);
    expect(refusals[0]?.error.message).toMatch(message);
    expect(Reflect.has(globalThis, 'sluiceSpecEvil')).toBe(false);
  });

  test('without a base none is loaded', async () => {
    const base = directoryWith({ 'a.ts': 'globalThis.sluiceSpecLoaded = true;' });
    const { refusals } = await resolve({}, web(join(base, 'a.ts')));
    expect(refusals[0]?.error.message).toContain('no modules are loaded here');
    expect(Reflect.has(globalThis, 'sluiceSpecLoaded')).toBe(false);
  });

  test('a newer value abandons the older one that is still loading', async () => {
    const base = directoryWith({ 'hangs.ts': 'await new Promise(() => {});' });
    const refusals: AppRefusal[] = [];
    const configs: ClusterConfig[] = [];
    const data$ = new Subject<unknown>();
    const onRefused = (found: readonly AppRefusal[]): void => void refusals.push(...found);
    const subscription = data$.pipe(resolveApps({ base, apps: { shop }, onRefused })).subscribe((c) => configs.push(c));
    data$.next(web('./hangs.ts'));
    data$.next(web('shop'));
    expect(configs).toEqual([web(shop)]);
    subscription.unsubscribe();
    expect(refusals).toEqual([]);
  });
});

describe('what is refused', () => {
  test('everything that is wrong is named, in names and in data', async () => {
    const data = { a: { listen, app: 'gone' }, b: { listen: 'nowhere', app: 'shop' }, c: { listen, app: 'shop' } };
    const { configs, refusals } = await resolve({ apps: { shop } }, data);
    expect(configs).toEqual([]);
    expect(refusals.map(({ server, path, error }) => `${server} ${path} ${error.name}`)).toEqual([
      'a app UnknownNameError',
      'b listen ConfigError',
    ]);
  });

  test.each([[null], [undefined], [5], ['text'], [[]], [new Map()]])('%j is no set of servers', async (data) => {
    const { configs, refusals } = await resolve({}, data);
    expect(configs).toEqual([]);
    expect(refusals).toMatchObject([{ path: '', error: { code: 'ERR_CONFIG' } }]);
  });

  test('data that throws when it is read is a refusal as well', async () => {
    const trap = Object.defineProperty({}, 'web', {
      enumerable: true,
      get: () => {
        throw new Error('trap');
      },
    });
    const { refusals } = await resolve({}, trap);
    expect(refusals[0]?.error.message).toContain('cannot be read: trap');
  });

  test('with independent commits a server that is wrong keeps its last good version', async () => {
    const options = { apps: { shop, admin }, commit: 'independent' as const };
    const good = { a: { listen, app: 'shop' }, b: { listen, app: 'shop' } };
    const bad = { a: { listen, app: 'gone' }, b: { listen, app: 'admin' }, c: { listen, app: 'gone' } };
    const { configs, refusals } = await resolve(options, good, bad);
    expect(refusals.map(({ server }) => server)).toEqual(['a', 'c']);
    expect(configs[1]).toEqual({ a: { listen, app: shop }, b: { listen, app: admin } });
  });

  test('the content of a config file where servers belong takes nothing away', async () => {
    const wrapped = { servers: { web: { listen, app: 'shop' } } };
    const { configs, refusals } = await resolve({ apps: { shop }, commit: 'independent' }, wrapped);
    expect(configs).toEqual([]);
    expect(refusals).toHaveLength(1);
  });
});

describe('as an operator', () => {
  const onRefused = (): void => {
    throw new Error('tantrum');
  };
  const values = { a: web('shop'), b: web('gone'), c: web('admin') };
  const out = { a: web(shop), c: web(admin) };

  test('names are replaced in the same turn, and what is refused does not end the stream, whatever the callback does', () => {
    marbles().run(({ hot, expectObservable, expectSubscriptions }) => {
      const data = hot('-a-b-c-|', values);
      expectObservable(data.pipe(resolveApps({ apps: { shop, admin }, onRefused }))).toBe('-a---c-|', out);
      expectSubscriptions(data.subscriptions).toBe('^------!');
    });
  });

  test('it errors and completes with its source, and unsubscribes from it', () => {
    marbles().run(({ cold, expectObservable, expectSubscriptions }) => {
      const resolving = resolveApps({ apps: { shop }, onRefused });
      expectObservable(cold('|').pipe(resolving)).toBe('|');
      expectObservable(cold('-#').pipe(resolving)).toBe('-#');
      const data = cold('a-', values);
      expectObservable(data.pipe(resolving), '^-!').toBe('a', out);
      expectSubscriptions(data.subscriptions).toBe('^-!');
    });
  });

  test('an enrichment that throws before it is kept from the stream by whoever wrote it, and the next value arrives', async () => {
    const enriched = (fails: boolean) => defer(() => (fails ? throwError(() => new Error('no')) : of(values.a)));
    const refusing = resolveApps({ apps: { shop }, onRefused: () => undefined });
    const all$ = concat(of(values.b), enriched(false)).pipe(refusing, toArray());
    expect(await lastValueFrom(all$)).toEqual([out.a]);
    await expect(lastValueFrom(enriched(true).pipe(refusing))).rejects.toThrow('no');
  });
});

test('a cluster keeps serving while its data names what is not there', async () => {
  const data$ = new Subject<unknown>();
  const cluster = createCluster();
  const refused: AppRefusal[] = [];
  data$
    .pipe(resolveApps({ apps: { shop, admin }, onRefused: (all) => refused.push(...all) }))
    .subscribe(cluster.siphon);
  await cluster.start();
  data$.next(web('shop'));
  await expect.poll(() => cluster.snapshot.servers.web?.state).toBe('running');
  data$.next(web('gone'));
  expect(refused).toHaveLength(1);
  const { url } = cluster.snapshot.servers.web ?? { url: '' };
  expect(await (await fetch(url)).text()).toBe('shop');
  data$.next(web('admin'));
  await expect.poll(async () => (await fetch(url)).text()).toBe('admin');
  await cluster.stop();
});
