import { expect, test } from 'vitest';
import { helpOf, usageOf } from '../../lib/cli/help.ts';
import { COMMANDS } from '../../lib/cli/specs/specs.ts';

const names = COMMANDS.map(({ name }) => name);

test.each(names)('the usage of %s has every option its help explains', (command) => {
  const explained = [...helpOf(command).matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option);
  expect(explained).toContain('--help');
  expect(usageOf(command).match(/--[\w-]+/g)).toEqual(explained);
});

test.each([undefined, ...names])('the help of %s fits 80 columns', (command) => {
  for (const line of helpOf(command).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

test('check says what it does not look at, and a time may be seconds', () => {
  expect(helpOf('check')).toMatch(/not looked\nat: sluice doctor does/);
  expect(helpOf('status')).toMatch(/or a number of\n +seconds/);
});

test.each(names)('the help of %s has an example of it', (command) => {
  expect(helpOf(command)).toMatch(new RegExp(`\\nExample:\\n(?: {2}.*\\n)*.*sluice ${command}`));
});
