import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { config, directoryWith, finish, start } from './command.ts';

const body = async (url: string): Promise<string> => (await fetch(url)).text();

test('with --resume what was in force last is served when the file cannot be used, and the file when it can', async () => {
  const directory = directoryWith({ 'sluice.config.json': config('good') });
  const state = { XDG_STATE_HOME: join(directory, 'state') };
  const first = start(directory, ['run', '--resume'], state);
  await first.said(/state {3}Running/);
  const kept = join(directory, 'state', 'sluice');
  await expect.poll(() => readdirSync(kept), { timeout: 5_000 }).toHaveLength(1);
  expect(statSync(join(kept, readdirSync(kept)[0] ?? '')).mode & 0o777).toBe(0o600);
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);

  writeFileSync(join(directory, 'sluice.config.json'), '{');
  expect((await finish(directory, ['run'], state)).code).toBe(3);
  const second = start(directory, ['run', '--resume'], state);
  const [, url = ''] = await second.said(/web running (\S+)/);
  expect(await body(url)).toBe('good');
  await second.said(/config {2}sluice\.config\.json is not valid/);
  await second.said(/error {3}sluice\.config\.json:1:2: .*ERR_SOURCE_SYNTAX/);
  const [served = ''] = await second.said(/the last good configuration, of \d{4}-\S+Z, is being served/);
  const { stdout } = await finish(directory, ['status']);
  expect(stdout).toContain(`note    ${served}\nreason  sluice.config.json:1:2: `);
  writeFileSync(join(directory, 'sluice.config.json'), config('mended'));
  await second.said(/outcome 2 committed/);
  expect(await body(url)).toBe('mended');
  expect((await finish(directory, ['status'])).stdout).not.toContain('last good');
});

test('without anything kept --resume changes nothing about how a bad file ends it', async () => {
  const directory = directoryWith({ 'sluice.config.json': '{' });
  const { code, stderr } = await finish(directory, ['run', '--resume'], { XDG_STATE_HOME: join(directory, 'state') });
  expect([code, stderr.includes('ERR_SOURCE_SYNTAX')]).toEqual([3, true]);
});

test('what cannot be kept is told, and is no reason not to serve', async () => {
  const directory = directoryWith({ 'sluice.config.json': config('one') });
  mkdirSync(join(directory, 'sluice'));
  chmodSync(join(directory, 'sluice'), 0o777);
  const command = start(directory, ['run', '--resume'], { XDG_STATE_HOME: directory });
  await command.said(/error .*ERR_LAST_GOOD/);
  await command.said(/state {3}Running/);
});
