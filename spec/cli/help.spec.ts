import { expect, test } from 'vitest';
import { helpOf, usageOf } from '../../lib/cli/help.ts';

test.each(['run', 'check'] as const)('the usage of %s has every option its help explains', (command) => {
  const explained = [...helpOf(command).matchAll(/^ {2}(?:-h, )?(--[\w-]+) /gm)].map(([, option]) => option);
  expect(usageOf(command).match(/--[\w-]+/g)).toEqual(explained);
});

test.each([undefined, 'run', 'check'] as const)('the help of %s fits 80 columns', (command) => {
  for (const line of helpOf(command).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});
