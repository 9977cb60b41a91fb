import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { completionFor, SHELLS } from '../../lib/cli/completion.ts';
import { COMMANDS } from '../../lib/cli/specs/specs.ts';
import { directoryWith } from './command.ts';

/** What bash offers for these words, the last of which is being written. */
const offered = (...words: readonly string[]): readonly string[] => offeredIn('.', ...words);

const offeredIn = (cwd: string, ...words: readonly string[]): readonly string[] => {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  // Asking for servers calls the command: here it is one that knows two.
  const script = `
sluice() { echo '{"type":"servers","servers":[{"id":"web","name":"web"},{"id":"admin","name":"x"}],"clusters":[{"process":{"name":"blue","pid":1}}]}'; }
${completionFor('bash')}
COMP_WORDS=(sluice ${quoted}); COMP_CWORD=${words.length}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
};

test('bash completes commands, their options, and what runs', () => {
  expect(offered('')).toEqual([...COMMANDS.map(({ name }) => name), '--help', '--version']);
  expect(offered('re')).toEqual(['resume', 'restart']);
  expect(offered('apply', '--t')).toEqual(['--timeout']);
  expect(offered('drain', '')).toEqual(['web', 'admin']);
  expect(offered('status', '--cluster', '')).toEqual(['blue']);
  expect(offered('logs', '-n', '')).toEqual([]);
  expect(offered('completion', '')).toEqual([...SHELLS]);
});

test('bash completes the name of a file in one piece', () => {
  const directory = directoryWith({ 'a b.json': '{}', 'c.json': '{}' });
  expect(offeredIn(directory, 'check', 'a')).toEqual(['a b.json']);
});

test.each(SHELLS)('the completion of %s knows every command and every option', (shell) => {
  const script = completionFor(shell);
  for (const { name, options } of COMMANDS) {
    expect(script).toContain(name);
    for (const option of options) expect(script).toMatch(new RegExp(`(?:--|-l )${option.name}\\b`));
  }
});

test('the scripts are such that their shells read them, as far as those are installed', () => {
  const read = SHELLS.filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0);
  expect(read).toContain('bash');
  for (const shell of read) {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: completionFor(shell), encoding: 'utf8' });
    expect([shell, status, stderr]).toEqual([shell, 0, '']);
  }
});
