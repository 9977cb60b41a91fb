import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../lib/config/parse.ts';
import { LastGoodError, NotDataError } from '../../lib/source/errors.ts';
import { fileSource } from '../../lib/source/file-source.ts';
import { readLastGood, resumeLastGood, saveLastGood } from '../../lib/source/last-good.ts';
import type { SourceEvent } from '../../lib/source/source.ts';
import { config, read, summary, temporaryDirectory } from './reading.ts';

const good = { servers: { web: { listen: '127.0.0.1:8080', routes: [] } }, commit: 'independent' };

describe('keeping a configuration', () => {
  test('what was kept is read back, with its time', async () => {
    const path = join(temporaryDirectory(), 'state', 'sluice', 'last-good.json');
    const before = new Date().toISOString();
    await saveLastGood(path, good);
    const kept = await readLastGood(path);
    expect(kept?.config).toEqual(good);
    expect(kept !== undefined && kept.savedAt >= before && kept.savedAt <= new Date().toISOString()).toBe(true);
  });

  test('only this user can read the file, and enter a directory that was made for it', async () => {
    const directory = join(temporaryDirectory(), 'state');
    await saveLastGood(join(directory, 'a.json'), good);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'a.json')).mode & 0o777).toBe(0o600);
  });

  test('the newer takes the place of the older, and nothing is left beside it', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.json');
    await saveLastGood(path, good);
    await saveLastGood(path, { servers: {} });
    expect((await readLastGood(path))?.config).toEqual({ servers: {} });
    expect(readdirSync(directory)).toEqual(['a.json']);
  });

  test('a reader never finds half of one, however often it is written', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    const large = (n: number): unknown => ({ n, text: 'x'.repeat(200_000) });
    await saveLastGood(path, large(0));
    let writing = true;
    const readings = (async () => {
      for (let seen = 0; writing; seen += 1) {
        const kept = await readLastGood(path);
        expect(JSON.stringify(kept?.config)).toHaveLength(JSON.stringify(large(0)).length);
        expect(seen).toBeLessThan(100_000);
      }
    })();
    for (let n = 1; n < 10; n += 1) await saveLastGood(path, large(n));
    writing = false;
    await readings;
  });

  test('members that are undefined are left out, as in every config', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    await saveLastGood(path, { servers: { a: null }, commit: undefined });
    expect((await readLastGood(path))?.config).toEqual({ servers: { a: null } });
  });

  test.each([
    ['an app', { servers: { web: { listen: ':1', app: () => new Response() } } }, 'servers.web.app'],
    [
      'a handler',
      { servers: { web: { routes: [{ path: '/', handler: () => undefined }] } } },
      'servers.web.routes.0.handler',
    ],
    ['an instance of a class', { servers: new Map() }, 'servers'],
    ['what is no number to JSON', { servers: { web: { n: Number.NaN } } }, 'servers.web.n'],
    ['a big integer', { n: 1n }, 'n'],
    ['nothing at all', undefined, ''],
    ['a hole in a list', { routes: [undefined] }, 'routes.0'],
  ])('%s cannot be kept, and the answer says where it is', async (_, value, at) => {
    const path = join(temporaryDirectory(), 'a.json');
    await saveLastGood(path, good);
    const error = await saveLastGood(path, value).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(NotDataError);
    expect(error).toMatchObject({ code: 'ERR_NOT_DATA', path: at });
    expect((await readLastGood(path))?.config).toEqual(good);
  });

  test('what contains itself is no data', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await expect(saveLastGood(join(temporaryDirectory(), 'a.json'), circle)).rejects.toBeInstanceOf(NotDataError);
  });

  test('more than 10 MiB are refused, and what was kept stays', async () => {
    const path = join(temporaryDirectory(), 'a.json');
    await saveLastGood(path, good);
    await expect(saveLastGood(path, { text: 'x'.repeat(10_485_760) })).rejects.toThrow(/more than 10485760 bytes/);
    expect((await readLastGood(path))?.config).toEqual(good);
  });

  test('a directory where others may write is refused', async () => {
    const directory = join(temporaryDirectory(), 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    const error = await saveLastGood(join(directory, 'a.json'), good).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(LastGoodError);
    expect(error).toMatchObject({ code: 'ERR_LAST_GOOD', message: expect.stringContaining('others may write') });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('where nothing can be written the error says why, and no draft is left', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'a.json'));
    await expect(saveLastGood(join(directory, 'a.json'), good)).rejects.toThrow(/cannot be written: EISDIR/);
    expect(readdirSync(directory)).toEqual(['a.json']);
  });
});

describe('reading it', () => {
  test('where nothing was kept there is nothing', async () => {
    expect(await readLastGood(join(temporaryDirectory(), 'gone', 'a.json'))).toBeUndefined();
  });

  test.each(['', '{', '[]', '{"config": 1}', '{"savedAt": "now"}'])('%j is not what was kept', async (text) => {
    const path = join(temporaryDirectory(), 'a.json');
    writeFileSync(path, text, { mode: 0o600 });
    await expect(readLastGood(path)).rejects.toThrow(/it holds something else/);
  });

  test('what others may have written, or a link leads to, is not used', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.json');
    await saveLastGood(path, good);
    symlinkSync(path, join(directory, 'link.json'));
    await expect(readLastGood(join(directory, 'link.json'))).rejects.toThrow(/cannot be read: ELOOP/);
    chmodSync(path, 0o666);
    await expect(readLastGood(path)).rejects.toThrow(/others may have written it/);
    await expect(readLastGood(directory)).rejects.toThrow(/not a regular file/);
  });
});

describe('resuming', () => {
  const failed: SourceEvent = {
    type: 'failed',
    file: 'a.json',
    problems: [
      { code: 'ERR_SOURCE_MISSING', file: 'a.json', message: 'there is no such file', hint: 'check the path' },
    ],
  };
  const loaded: SourceEvent = { type: 'loaded', file: 'a.json', servers: {}, problems: [] };
  const resume = async (path: string, ...events: readonly SourceEvent[]): Promise<readonly string[]> =>
    (await lastValueFrom(of(...events).pipe(resumeLastGood(path), toArray()))).map(summary);

  test('a source that starts with a failure starts from what was kept, and then says what failed', async () => {
    const path = join(temporaryDirectory(), 'last.json');
    await saveLastGood(path, JSON.parse(config(8080)));
    expect(await resume(path, failed, failed)).toEqual([
      'loaded web=127.0.0.1:8080',
      'failed a.json ERR_SOURCE_MISSING there is no such file',
      'failed a.json ERR_SOURCE_MISSING there is no such file',
    ]);
    const [event] = await lastValueFrom(of(failed).pipe(resumeLastGood(path), toArray()));
    expect(event?.file).toBe(path);
  });

  test('a source that starts well is left alone, whatever fails later', async () => {
    const path = join(temporaryDirectory(), 'last.json');
    await saveLastGood(path, JSON.parse(config(8080)));
    expect(await resume(path, loaded, failed)).toEqual(['loaded', expect.stringContaining('failed')]);
  });

  test('without anything kept the failure stays what it is', async () => {
    expect(await resume(join(temporaryDirectory(), 'last.json'), failed)).toEqual([
      'failed a.json ERR_SOURCE_MISSING there is no such file',
    ]);
  });

  test('what was kept and cannot be used is one more problem', async () => {
    const path = join(temporaryDirectory(), 'last.json');
    await saveLastGood(path, { servers: { web: { listen: 'nowhere' } } });
    expect((await resume(path, failed))[0]).toMatch(/ERR_SOURCE_MISSING .*last\.json ERR_CONFIG web/);
    writeFileSync(path, '{');
    expect((await resume(path, failed))[0]).toMatch(
      /last\.json ERR_LAST_GOOD the last good config in .*something else$/,
    );
  });

  test('events keep their order while the file is read, and unsubscribing leaves the source', async () => {
    const path = join(temporaryDirectory(), 'last.json');
    await saveLastGood(path, JSON.parse(config(8080)));
    const reading = read(concat(of(failed, loaded), NEVER).pipe(resumeLastGood(path)));
    expect((await reading.next(0, 3)).map((event) => event.type)).toEqual(['loaded', 'failed', 'loaded']);
    reading.stop();
  });
});

test('what came from the environment is resumed without it, and stays hidden', async () => {
  const directory = temporaryDirectory();
  const [file, path] = [join(directory, 'a.json'), join(directory, 'last.json')];
  const body = `\${TOKEN}`;
  const text = { servers: { web: { listen: '127.0.0.1:0', routes: [{ path: '/', respond: { body } }] } } };
  writeFileSync(file, JSON.stringify(text));
  const [event] = await read(fileSource(file, { watch: false, env: { TOKEN: 'hunter2hunter2' } })).next(0);
  await saveLastGood(path, { servers: event?.type === 'loaded' ? event.servers : {} });
  const kept = await readLastGood(path);
  const { servers } = Object(kept?.config);
  expect(servers.web.routes[0].respond.body).toBe('hunter2hunter2');
  servers.web.prot = 'hunter2hunter2';
  expect(JSON.stringify(parseCluster(servers).issues)).not.toContain('hunter2');
});

test('the file is JSON that other programs can read', async () => {
  const path = join(temporaryDirectory(), 'a.json');
  await saveLastGood(path, good);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ config: good });
});
