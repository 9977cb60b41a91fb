import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type * as reader from '../../lib/source/file/read.ts';
import { fileSource } from '../../lib/source/file-source.ts';
import { config, read, summary, temporaryDirectory } from './reading.ts';

/** What happens right after the file was seen empty: the only way to be exactly between an editor's two steps. */
const editor = vi.hoisted(() => ({ goOn: (): void => {} }));

vi.mock('../../lib/source/file/read.ts', async (original) => {
  const real = await original<typeof reader>();
  const readSourceFile: typeof real.readSourceFile = async (path) => {
    const found = await real.readSourceFile(path);
    if (found.ok && found.bytes.length === 0) editor.goOn();
    return found;
  };
  return { ...real, readSourceFile };
});

const following = async () => {
  const path = join(temporaryDirectory(), 'a.json');
  writeFileSync(path, config(1));
  const reading = read(fileSource(path));
  await reading.next(0);
  return { path, reading };
};

test('an editor that truncates and then writes is one event', async () => {
  const { path, reading } = await following();
  editor.goOn = () => writeFileSync(path, config(2));
  truncateSync(path);
  expect((await reading.next(1)).map(summary)).toEqual(['loaded web=127.0.0.1:2']);
});

test('one that writes what stood there before is no event', async () => {
  const { path, reading } = await following();
  const wentOn = new Promise<void>((resolve) => {
    editor.goOn = () => {
      writeFileSync(path, config(1));
      resolve();
    };
  });
  truncateSync(path);
  await wentOn;
  writeFileSync(path, config(2));
  expect((await reading.next(1)).map(summary)).toEqual(['loaded web=127.0.0.1:2']);
});

test('a file that stays empty is told, and so is the repair', async () => {
  const { path, reading } = await following();
  editor.goOn = () => {};
  truncateSync(path);
  expect(summary((await reading.next(1))[0])).toContain('ERR_SOURCE_EMPTY');
  writeFileSync(path, config(2));
  await expect.poll(() => summary(reading.events.at(-1))).toBe('loaded web=127.0.0.1:2');
});
