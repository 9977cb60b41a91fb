import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { directoryWith, finish } from '../command.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('init', () => {
  test.each(['json', 'yaml', 'ts', 'mjs'])('what it writes as .%s is valid', async (extension) => {
    const directory = directoryWith({});
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(root, join(directory, 'node_modules', 'sluice'));
    const file = `sluice.config.${extension}`;
    const { code, stdout } = await finish(directory, ['init', file]);
    expect(stdout).toBe(`${file} was written; next:\n  npx sluice check ${file}\n  npx sluice run ${file}\n`);
    expect(code).toBe(0);
    expect((await finish(directory, ['check'])).stdout).toMatch(/is valid: it would serve 1 server\n/);
  });

  test('what it says to call next can be called as it is written', async () => {
    const directory = directoryWith({});
    const { next } = JSON.parse((await finish(directory, ['init', "it's a.json", '--json'])).stdout);
    const [, words = ''] = /^npx sluice check (.*)$/.exec(next.at(-2)) ?? [];
    expect(spawnSync('sh', ['-c', `printf %s ${words}`], { encoding: 'utf8' }).stdout).toBe("it's a.json");
  });

  test('it never overwrites, and ends with 4 then', async () => {
    const directory = directoryWith({ 'sluice.config.json': 'precious' });
    const { code, stderr } = await finish(directory, ['init']);
    expect(stderr).toMatch(/is there already \(ERR_FILE_EXISTS\)\nhint/);
    expect(code).toBe(4);
    expect(readFileSync(join(directory, 'sluice.config.json'), 'utf8')).toBe('precious');
    symlinkSync('nowhere', join(directory, 'link.json'));
    expect((await finish(directory, ['init', 'link.json'])).code).toBe(4);
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  test('it says what the project lacks', async () => {
    const directory = directoryWith({});
    const first = JSON.parse((await finish(directory, ['init', 'a.json', '--json'])).stdout);
    expect(first).toMatchObject({ type: 'init', file: 'a.json' });
    expect(first.next.slice(0, 2)).toEqual([
      'npm init --yes',
      expect.stringMatching(/^npm install \.\/sluice-\*\.tgz {2}# .*npm pack/),
    ]);
    writeFileSync(join(directory, 'package.json'), '{"dependencies":{"sluice":"*"}}');
    expect((await finish(directory, ['init', 'b.json'])).stdout).toContain('next:\n  npm install\n');
  });

  test.each([
    ['sluice.config', 2, 'ERR_USAGE'],
    ['missing/sluice.config.json', 1, 'ERR_FILE_WRITE'],
  ])('%s ends with %d', async (file, exitCode, errorCode) => {
    const { code, stderr } = await finish(directoryWith({}), ['init', file]);
    expect(stderr).toContain(errorCode);
    expect(code).toBe(exitCode);
  });
});
