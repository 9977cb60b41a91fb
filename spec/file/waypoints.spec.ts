import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { waypointsOf } from '../../lib/file/waypoints.ts';
import { temporaryDirectory } from '../source/reading.ts';

/** Directories below `root` with the names that matter in them. */
const below = (root: string, path: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    waypointsOf([path]).map(({ directory, names }) => [relative(root, directory) || '.', [...names].sort()]),
  );

test('an ordinary file is watched in its directory, and nowhere above', () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'a.json'), '');
  expect(below(root, join(root, 'a.json'))).toEqual({ '.': ['a.json'] });
});

test('where the way ends, the next part is waited for', () => {
  const root = temporaryDirectory();
  expect(below(root, join(root, 'etc', 'app', 'a.json'))).toEqual({ '.': ['etc'] });
  mkdirSync(join(root, 'etc'));
  expect(below(root, join(root, 'etc', 'app', 'a.json'))).toEqual({ etc: ['app'] });
});

test('a file in the place of a directory ends the way', () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, 'etc'), '');
  expect(below(root, join(root, 'etc', 'a.json'))).toEqual({ '.': ['etc'] });
});

test('every link on the way is watched where it is, and the file where it really is', () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, '..v1'));
  writeFileSync(join(root, '..v1', 'a.json'), '');
  symlinkSync('..v1', join(root, '..data'));
  symlinkSync(join('..data', 'a.json'), join(root, 'a.json'));
  expect(below(root, join(root, 'a.json'))).toEqual({ '.': ['..data', 'a.json'], '..v1': ['a.json'] });
});

test('a circle of links ends', () => {
  const root = temporaryDirectory();
  symlinkSync('b', join(root, 'a'));
  symlinkSync('a', join(root, 'b'));
  expect(below(root, join(root, 'a'))).toEqual({ '.': ['a', 'b'] });
});

test('a directory that takes the name of another is another', () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'one'));
  mkdirSync(join(root, 'two'));
  const identity = (): string | undefined => waypointsOf([join(root, 'one', 'a.json')])[0]?.identity;
  const before = identity();
  renameSync(join(root, 'one'), join(root, 'gone'));
  renameSync(join(root, 'two'), join(root, 'one'));
  expect(identity()).not.toBe(before);
});
