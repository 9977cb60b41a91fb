import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Jail } from '../../../lib/server/files/jail.ts';

let dir: string;
let root: string;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-jail-')));
  root = join(dir, 'root');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'a.txt'), 'inside');
  writeFileSync(join(root, 'sub', 'b.txt'), 'below');
  mkdirSync(join(dir, 'root-secret'));
  writeFileSync(join(dir, 'root-secret', 'b.txt'), 'outside');
  writeFileSync(join(dir, 'secret.txt'), 'outside');
  return () => rmSync(dir, { recursive: true, force: true });
});

/** What is read through the jail: the text of a file, or what there is instead. */
const read = async (jail: Jail, path: string): Promise<string | undefined> => {
  const file = await jail.open(path);
  if (file === undefined || file === 'directory') return file;
  const text = await file.handle.readFile('utf8');
  file.close();
  return text;
};

describe.each([
  ['tells where descriptors lie', true],
  ['does not tell where descriptors lie', false],
])('where the kernel %s', (_, tells) => {
  test('files and directories inside the root are there', async () => {
    const jail = await Jail.at(root, tells);
    expect(await read(jail, 'a.txt')).toBe('inside');
    expect(await read(jail, 'sub/b.txt')).toBe('below');
    expect(await read(jail, 'sub')).toBe('directory');
    expect(await read(jail, '')).toBe('directory');
    expect(await read(jail, 'none.txt')).toBeUndefined();
    expect(await read(jail, 'a.txt/b')).toBeUndefined();
    expect(await read(jail, 'x'.repeat(300))).toBeUndefined();
    expect(await read(jail, 'a\0b')).toBeUndefined();
  });

  test('links that stay inside are followed', async () => {
    symlinkSync('sub', join(root, 'dir'));
    symlinkSync('dir/b.txt', join(root, 'link.txt'));
    linkSync(join(root, 'a.txt'), join(root, 'hard.txt'));
    const jail = await Jail.at(root, tells);
    expect(await read(jail, 'link.txt')).toBe('below');
    expect(await read(jail, 'dir/b.txt')).toBe('below');
    expect(await read(jail, 'hard.txt')).toBe('inside');
  });

  test.each([
    ['a file', '../secret.txt', 'x'],
    ['a file, by its full path', '/etc/passwd', 'x'],
    ['a directory', '..', 'x/secret.txt'],
    ['a directory whose name begins like the root', '../root-secret', 'x/b.txt'],
    ['the environment of this process', '/proc/self/environ', 'x'],
    ['the root of everything', '/', 'x/etc/passwd'],
    ['a device', '/dev/zero', 'x'],
    ['itself', 'x', 'x'],
  ])('a link to %s outside leads nowhere', async (_what, target, path) => {
    symlinkSync(target, join(root, 'x'));
    const jail = await Jail.at(root, tells);
    expect(await read(jail, path)).toBeUndefined();
  });

  test('a path that climbs leads nowhere, even if nobody looked at it before', async () => {
    const jail = await Jail.at(root, tells);
    expect(await read(jail, '../secret.txt')).toBeUndefined();
    expect(await read(jail, 'sub/../../secret.txt')).toBeUndefined();
  });

  test('pipes and sockets are no files, and nobody waits for them', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'sock'), resolve));
    onTestFinished(() => void server.close());
    const jail = await Jail.at(root, tells);
    expect(await read(jail, 'pipe')).toBeUndefined();
    expect(await read(jail, 'sock')).toBeUndefined();
  });

  test('a root that is a link may be led elsewhere', async () => {
    const current = join(dir, 'current');
    symlinkSync(root, current);
    const jail = await Jail.at(current, tells);
    expect(await read(jail, 'a.txt')).toBe('inside');
    mkdirSync(join(dir, 'next'));
    writeFileSync(join(dir, 'next', 'a.txt'), 'next');
    symlinkSync(join(dir, 'next'), join(dir, 'new'));
    renameSync(join(dir, 'new'), current);
    expect(await read(jail, 'a.txt')).toBe('next');
    symlinkSync(join(dir, 'secret.txt'), join(dir, 'next', 'x'));
    expect(await read(jail, 'x')).toBeUndefined();
  });
});

test('a directory that becomes a link while it is passed through leads nowhere', async () => {
  const jail = await Jail.at(root);
  writeFileSync(join(root, 'sub', 'secret.txt'), 'inside');
  const swapped = join(root, 'swapped');
  let isOver = false;
  const swap = async (): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const next = join(dir, `next${n % 2}`);
      await symlink(n % 2 === 0 ? join(root, 'sub') : dir, next);
      await rename(next, swapped);
    }
  };
  const swapping = swap();
  const seen = new Set<string | undefined>();
  for (let round = 0; round < 100; round++) {
    const texts = await Promise.all(Array.from({ length: 10 }, () => read(jail, 'swapped/secret.txt')));
    for (const text of texts) seen.add(text);
  }
  isOver = true;
  await swapping;
  expect(seen).not.toContain('outside');
  expect(seen).toContain('inside');
});

describe('a root', () => {
  test.each([
    ['that is not there', () => join(dir, 'none'), 'there is no such directory'],
    ['that is a file', () => join(root, 'a.txt'), 'it is no directory'],
    ['of the kernel', () => '/proc/self', 'it belongs to the kernel'],
  ])('%s is refused', async (_, path, reason) => {
    await expect(Jail.at(path())).rejects.toMatchObject({
      name: 'FilesRootError',
      code: 'ERR_FILES_ROOT',
      path: path(),
      message: `the directory ${path()} cannot be served: ${reason}`,
    });
  });
});
