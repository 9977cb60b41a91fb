import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { fileSource } from '../../lib/source/file-source.ts';
import { config, read, summary, temporaryDirectory } from './reading.ts';

const file = (name = 'sluice.config.json', text?: string): string => {
  const path = join(temporaryDirectory(), name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

/** Saves the way most editors do: a new file, renamed over the old one. */
const saveByRenaming = (path: string, text: string): void => {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
};

/** Directories this process watches, counted by the kernel. */
const inotifyWatches = (): number => {
  const info = execFileSync('sh', ['-c', 'cat /proc/$PPID/fdinfo/* 2>/dev/null | grep -c "^inotify wd" || true']);
  return Number(info.toString());
};

describe('reading once', () => {
  test('a good file is one event, and then the source completes', async () => {
    const reading = read(fileSource(file('a.json', config(8080)), { watch: false }));
    expect((await reading.next(0)).map(summary)).toEqual(['loaded web=127.0.0.1:8080']);
    await expect.poll(reading.isComplete).toBe(true);
    expect(reading.events).toHaveLength(1);
  });

  test('the name it was given is the name in events', async () => {
    const path = relative(process.cwd(), file('a.json', '{'));
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(event).toMatchObject({ file: path, problems: [{ file: path, line: 1, column: 2 }] });
  });

  test.each(['a.json', 'a.yaml', 'a.yml', 'a.js', 'a.mjs', 'a.ts', 'a.mts'])('%s is understood', async (name) => {
    const text = /json|y/.test(name) ? config(1) : `export default ${config(1)}`;
    const [event] = await read(fileSource(file(name, text), { watch: false })).next(0);
    expect(summary(event)).toBe('loaded web=127.0.0.1:1');
  });

  test.each(['a.txt', 'config', 'https://example.org/sluice.config.json'])(
    '%s is refused by its name',
    async (name) => {
      const reading = read(fileSource(name));
      expect(summary(reading.events[0])).toContain('ERR_SOURCE_FORMAT');
      expect(reading.isComplete()).toBe(true);
    },
  );
});

test('a directory is refused as one, also when its name has no end', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'conf'));
  for (const name of [directory, join(directory, 'conf'), '.']) {
    expect(summary(read(fileSource(name)).events[0])).toContain('ERR_SOURCE_NOT_A_FILE');
  }
  expect(summary(read(fileSource('a\0b')).events[0])).toContain('ERR_SOURCE_FORMAT');
});

describe('what can be wrong with a file', () => {
  const problemOf = async (path: string): Promise<string> => {
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    if (event?.type === 'failed') for (const { hint } of event.problems) expect(hint).not.toBe('');
    return summary(event).replaceAll(path, 'it');
  };

  test.each([
    ['nothing in it', '', 'failed it ERR_SOURCE_EMPTY the file is empty'],
    ['only blanks in it', ' \n', 'failed it ERR_SOURCE_EMPTY the file is empty'],
    ['a byte order mark and nothing else', '\ufeff', 'failed it ERR_SOURCE_EMPTY the file is empty'],
    [
      'UTF-16 with a mark',
      Buffer.from(`\ufeff${config(1)}`, 'utf16le'),
      'failed it ERR_SOURCE_ENCODING the file is UTF-16',
    ],
    [
      'UTF-16 without a mark',
      Buffer.from(config(1), 'utf16le'),
      'failed it ERR_SOURCE_ENCODING the file is binary, or UTF-16',
    ],
    ['Latin-1', Buffer.from('{"é": 1}', 'latin1'), 'failed it ERR_SOURCE_ENCODING the file is not valid UTF-8'],
    ['2 MiB', ' '.repeat(2_097_152), 'failed it ERR_SOURCE_TOO_LARGE the file is larger than 1048576 bytes'],
  ])('%s', async (_, content, expected) => {
    expect(await problemOf(file('a.json', ''))).toContain('EMPTY');
    const path = file('b.json');
    writeFileSync(path, content);
    expect(await problemOf(path)).toBe(expected);
  });

  test('a byte order mark is tolerated, and columns do not count it', async () => {
    expect(await problemOf(file('a.json', `\ufeff${config(1)}`))).toBe('loaded web=127.0.0.1:1');
    expect(await problemOf(file('b.json', '\ufeff{,'))).toMatch(/^failed it:1:2 ERR_SOURCE_SYNTAX/);
  });

  test('a missing file', async () => {
    expect(await problemOf(file())).toBe('failed it ERR_SOURCE_MISSING there is no such file');
  });

  test('a directory', async () => {
    const path = file('a.json');
    mkdirSync(path);
    expect(await problemOf(path)).toBe('failed it ERR_SOURCE_NOT_A_FILE this is not a regular file');
  });

  test('a named pipe, which is not opened', async () => {
    const path = file('a.json');
    execFileSync('mkfifo', [path]);
    expect(await problemOf(path)).toBe('failed it ERR_SOURCE_NOT_A_FILE this is not a regular file');
  });

  test('a device behind a link', async () => {
    const path = file('a.json');
    symlinkSync('/dev/zero', path);
    expect(await problemOf(path)).toBe('failed it ERR_SOURCE_NOT_A_FILE this is not a regular file');
  });

  test('a link to itself', async () => {
    const path = file('a.json');
    symlinkSync(path, path);
    expect(await problemOf(path)).toBe('failed it ERR_SOURCE_UNREADABLE the file cannot be read (ELOOP)');
  });

  test('a file nobody may read', async () => {
    const path = file('a.json', config(1));
    chmodSync(path, 0);
    chmodSync(dirname(path), 0o755);
    // Root may read everything: for a moment this process is nobody.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    const problem = await problemOf(path).finally(() => {
      if (isRoot) process.seteuid?.(0);
    });
    expect(problem).toBe('failed it ERR_SOURCE_UNREADABLE the file cannot be read (EACCES)');
  });

  test('a file cut off anywhere is refused, or says the same as the whole', async () => {
    const path = file('a.json');
    const whole = config(8080);
    for (let end = 0; end <= whole.length + 1; end += 1) {
      writeFileSync(path, `${whole}\n`);
      truncateSync(path, end);
      const [event] = await read(fileSource(path, { watch: false })).next(0);
      expect(summary(event)).toMatch(end < whole.length ? /^failed/ : /^loaded web=127\.0\.0\.1:8080$/);
    }
  });

  test('an invalid configuration is named with its place in JSON', async () => {
    const text =
      '{\n  "servers": {\n    "web": {\n      "listen": "127.0.0.1:99999",\n      "routes": []\n    }\n  }\n}';
    expect(await problemOf(file('a.json', text))).toMatch(/^failed it:4:7 ERR_CONFIG web\.listen: /);
  });

  test('an invalid configuration is named with its place in YAML, one problem per mistake, from top to bottom', async () => {
    const text =
      'servers:\n  web:\n    prot: 80\n    listen: 127.0.0.1:1\n    routes:\n      - path: nowhere\n        respond: {}\n';
    const problem = await problemOf(file('a.yaml', text));
    expect(problem).toMatch(/^failed it:3:5 ERR_CONFIG web\.prot: .*; it:6:9 ERR_CONFIG web\.routes\.0\.path: /);
  });

  test.each([
    ['a.ts', "import './gone.ts'; export default {};", 'there is no ./gone.ts to import'],
    ['a.mjs', "import './gone.mjs'; export default {};", 'there is no ./gone.mjs to import'],
    ['a.ts', "import 'sluice-nowhere'; export default {};", 'the package sluice-nowhere is not installed'],
  ])('%s with %s says in one line that %s', async (name, text, message) => {
    expect(await problemOf(file(name, text))).toBe(`failed it:1 ERR_SOURCE_IMPORT ${message}`);
  });

  test('the hint for a file that is no object at all does not repeat the message', async () => {
    const [event] = await read(fileSource(file('a.json', '[]'), { watch: false })).next(0);
    expect(event).toMatchObject({ problems: [{ hint: 'the smallest configuration is { "servers": {} }' }] });
  });

  test('with independent commits, servers that are wrong are named and the others are loaded', async () => {
    const servers = { good: { listen: '127.0.0.1:1', routes: [] }, bad: { listen: 'nowhere', routes: [] } };
    const path = file('a.json', JSON.stringify({ commit: 'independent', servers }));
    const [event] = await read(fileSource(path, { watch: false })).next(0);
    expect(event).toMatchObject({ type: 'loaded', problems: [{ server: 'bad', path: 'listen' }] });
  });
});

describe('following', () => {
  test('three saves by renaming are three events', async () => {
    const path = file('a.json', config(1));
    const reading = read(fileSource(path));
    await reading.next(0);
    for (const port of [2, 3, 4]) {
      saveByRenaming(path, config(port));
      expect((await reading.next(port - 1)).map(summary)).toEqual([`loaded web=127.0.0.1:${port}`]);
    }
    expect(reading.events).toHaveLength(4);
  });

  test('a save in place is an event', async () => {
    const path = file('a.json', config(1));
    const reading = read(fileSource(path));
    await reading.next(0);
    writeFileSync(path, config(2));
    await expect.poll(() => summary(reading.events.at(-1))).toBe('loaded web=127.0.0.1:2');
  });

  test('the same content saved again is none', async () => {
    const path = file('a.json', config(1));
    const reading = read(fileSource(path));
    await reading.next(0);
    saveByRenaming(path, config(1));
    utimesSync(path, 1, 1);
    saveByRenaming(path, config(2));
    await reading.next(1);
    expect(reading.events.map(summary)).toEqual(['loaded web=127.0.0.1:1', 'loaded web=127.0.0.1:2']);
  });

  test('a broken save is an event, and so is the repair', async () => {
    const path = file('a.json', config(1));
    const reading = read(fileSource(path));
    await reading.next(0);
    saveByRenaming(path, '{"servers": {');
    expect(summary((await reading.next(1))[0])).toMatch(/^failed .*a\.json:1:14 ERR_SOURCE_SYNTAX/);
    saveByRenaming(path, config(1));
    expect(summary((await reading.next(2))[0])).toBe('loaded web=127.0.0.1:1');
  });

  test('a file that goes away and comes back is followed', async () => {
    const path = file('a.json', config(1));
    const reading = read(fileSource(path));
    await reading.next(0);
    unlinkSync(path);
    expect(summary((await reading.next(1))[0])).toContain('ERR_SOURCE_MISSING');
    writeFileSync(path, config(2));
    await expect.poll(() => summary(reading.events.at(-1))).toBe('loaded web=127.0.0.1:2');
  });

  test('a file is waited for in directories that do not exist yet', async () => {
    const path = join(temporaryDirectory(), 'etc', 'app', 'a.json');
    const reading = read(fileSource(path));
    await reading.next(0);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, config(2));
    await expect.poll(() => summary(reading.events.at(-1)), { timeout: 5_000 }).toBe('loaded web=127.0.0.1:2');
  });

  test('a directory that is exchanged for another one is followed', async () => {
    const root = temporaryDirectory();
    const make = (name: string, port: number): void => {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'a.json'), config(port));
    };
    make('live', 1);
    const reading = read(fileSource(join(root, 'live', 'a.json')));
    await reading.next(0);
    make('next', 2);
    renameSync(join(root, 'live'), join(root, 'old'));
    renameSync(join(root, 'next'), join(root, 'live'));
    await expect.poll(() => summary(reading.events.at(-1)), { timeout: 5_000 }).toBe('loaded web=127.0.0.1:2');
    writeFileSync(join(root, 'live', 'a.json'), config(3));
    await expect.poll(() => summary(reading.events.at(-1)), { timeout: 5_000 }).toBe('loaded web=127.0.0.1:3');
  });

  test('the links of a Kubernetes ConfigMap are followed, swap after swap', async () => {
    const root = temporaryDirectory();
    const publish = (version: number): void => {
      mkdirSync(join(root, `..v${version}`));
      writeFileSync(join(root, `..v${version}`, 'a.json'), config(version));
      symlinkSync(`..v${version}`, join(root, '..data_tmp'));
      renameSync(join(root, '..data_tmp'), join(root, '..data'));
      if (version > 1) rmSync(join(root, `..v${version - 1}`), { recursive: true });
    };
    publish(1);
    symlinkSync(join('..data', 'a.json'), join(root, 'a.json'));
    const reading = read(fileSource(join(root, 'a.json')));
    await reading.next(0);
    for (const version of [2, 3, 4]) {
      publish(version);
      expect((await reading.next(version - 1)).map(summary)).toEqual([`loaded web=127.0.0.1:${version}`]);
    }
  });

  test('a directory behind a link is followed when the link is exchanged', async () => {
    const root = temporaryDirectory();
    for (const release of [1, 2]) {
      mkdirSync(join(root, `release${release}`));
      writeFileSync(join(root, `release${release}`, 'a.json'), config(release));
    }
    symlinkSync('release1', join(root, 'current'));
    const reading = read(fileSource(join(root, 'current', 'a.json')));
    await reading.next(0);
    symlinkSync('release2', join(root, 'next'));
    renameSync(join(root, 'next'), join(root, 'current'));
    expect((await reading.next(1)).map(summary)).toEqual(['loaded web=127.0.0.1:2']);
    writeFileSync(join(root, 'release2', 'a.json'), config(3));
    await expect.poll(() => summary(reading.events.at(-1))).toBe('loaded web=127.0.0.1:3');
  });

  test('asking for it reads the file again, changed or not, and an input that fails harms nothing', async () => {
    const reload$ = new Subject<void>();
    const path = file('a.json', config(1));
    const reading = read(fileSource(path, { watch: false, reload$ }));
    await reading.next(0);
    reload$.next();
    expect((await reading.next(1)).map(summary)).toEqual(['loaded web=127.0.0.1:1']);
    reload$.error(new Error('gone'));
    await expect.poll(reading.isComplete).toBe(true);
  });

  test('unsubscribing lets go of every watch', async () => {
    const before = inotifyWatches();
    const reading = read(fileSource(file('a.json', config(1))));
    await reading.next(0);
    expect(inotifyWatches()).toBeGreaterThan(before);
    reading.stop();
    await expect.poll(inotifyWatches).toBe(before);
  });

  test('each subscriber reads for itself', async () => {
    const source = fileSource(file('a.json', config(1)));
    const [first, second] = [read(source), read(source)];
    await first.next(0);
    first.stop();
    expect((await second.next(0)).map(summary)).toEqual(['loaded web=127.0.0.1:1']);
  });
});
