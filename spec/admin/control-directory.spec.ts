import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  controlDirectories,
  inspectDirectory,
  prepareDirectory,
  presentDirectories,
} from '../../lib/admin/control-directory.ts';
import { ControlDirectoryError } from '../../lib/admin/errors.ts';

const self = { uid: process.geteuid?.() };

const inside = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-admin-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'control');
};

test.each([
  [{ SLUICE_CONTROL_DIR: '/x', XDG_RUNTIME_DIR: '/run/user/1' }, 1, ['/x']],
  [{ SLUICE_CONTROL_DIR: 'x' }, 1, [join(process.cwd(), 'x')]],
  [{ XDG_RUNTIME_DIR: '/run/user/1' }, 1, ['/run/user/1/sluice', join(tmpdir(), 'sluice-1'), '/run/sluice']],
  [{}, 1, [join(tmpdir(), 'sluice-1'), '/run/sluice']],
  [{}, 0, ['/run/sluice', join(tmpdir(), 'sluice-0')]],
  [{ RUNTIME_DIRECTORY: '/run/edge:/run/other' }, 1, ['/run/edge', join(tmpdir(), 'sluice-1'), '/run/sluice']],
])('%j of user %d: %j', (env, uid, expected) => {
  expect(controlDirectories({ env, uid })).toEqual(expected);
});

test('a directory that is not there is made for its owner alone, whatever the umask', () => {
  const directory = inside();
  expect(inspectDirectory(directory, self)).toBe('absent');
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  prepareDirectory(directory, self);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  prepareDirectory(directory, self);
  expect(inspectDirectory(directory, self)).toBeUndefined();
});

test.each([0o755, 0o770, 0o701, 0o1777])('one with another mode (%o) is refused and stays as it is', (mode) => {
  const directory = inside();
  mkdirSync(directory);
  chmodSync(directory, mode);
  expect(() => prepareDirectory(directory, self)).toThrow(ControlDirectoryError);
  expect(inspectDirectory(directory, self)).toBeInstanceOf(ControlDirectoryError);
  expect(statSync(directory).mode & 0o7777).toBe(mode);
});

test('a link is refused, wherever it leads', () => {
  const [directory, target] = [inside(), inside()];
  mkdirSync(target, { mode: 0o700 });
  symlinkSync(target, directory);
  expect(() => prepareDirectory(directory, self)).toThrow(/is a symbolic link/);
  expect(inspectDirectory(directory, self)).toMatchObject({ code: 'ERR_CONTROL_DIRECTORY' });
});

test('one of another user is refused; only root may look into it', () => {
  const directory = inside();
  mkdirSync(directory, { mode: 0o700 });
  const stranger = { uid: (self.uid ?? 0) + 1 };
  expect(() => prepareDirectory(directory, stranger)).toThrow(/belongs to user \d+/);
  expect(inspectDirectory(directory, stranger)).toMatchObject({ code: 'ERR_CONTROL_DIRECTORY' });
  expect(inspectDirectory(directory, { uid: 0 })).toBeUndefined();
});

test('one of others is nothing to complain about, unless it stands where ours would be', () => {
  const directory = inside();
  prepareDirectory(directory, self);
  const others = (self.uid ?? 0) + 1;
  const mine = { env: { SLUICE_CONTROL_DIR: directory }, uid: others };
  expect(presentDirectories(mine)).toMatchObject([{ directory, fault: { code: 'ERR_CONTROL_DIRECTORY' } }]);
  const runtime = dirname(directory);
  const elsewhere = { env: { RUNTIME_DIRECTORY: join(runtime, 'absent'), XDG_RUNTIME_DIR: runtime }, uid: others };
  renameSync(directory, join(runtime, 'sluice'));
  expect(presentDirectories(elsewhere)).toEqual([]);
  expect(presentDirectories({ ...elsewhere, ...self })).toContainEqual({
    directory: join(runtime, 'sluice'),
    fault: undefined,
  });
});

test('one that cannot be made is refused, with its cause', () => {
  expect(() => prepareDirectory(join(inside(), 'deeper'), self)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('cannot be made'), cause: expect.any(Error) }),
  );
});
