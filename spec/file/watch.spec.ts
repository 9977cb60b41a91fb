import type * as fs from 'node:fs';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { fileSource } from '../../lib/source/file-source.ts';
import { config, read, summary, temporaryDirectory } from '../source/reading.ts';

// There is no other way to run out of watches here without taking them from everything else on the machine.
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fs>()),
  watch: () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  },
}));

test('where the system cannot watch a directory, it is looked at once a second', async () => {
  const path = join(temporaryDirectory(), 'a.json');
  writeFileSync(path, config(1));
  const reading = read(fileSource(path));
  await reading.next(0);
  for (const port of [2, 3]) {
    writeFileSync(`${path}.tmp`, config(port));
    renameSync(`${path}.tmp`, path);
    expect((await reading.next(port - 1)).map(summary)).toEqual([`loaded web=127.0.0.1:${port}`]);
  }
});
