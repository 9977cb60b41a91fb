import { expect, test } from 'vitest';
import { filtered } from '../../lib/log/filtered.ts';
import type { Logger } from '../../lib/log/logger.ts';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

const memory = () => {
  const lines: unknown[][] = [];
  const at =
    (level: keyof Logger) =>
    (...line: readonly unknown[]): void => {
      lines.push([level, ...line]);
    };
  return { lines, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
};

test('lines that contain one of the texts are left out, at every level', () => {
  const logger = memory();
  const { lines } = logger;
  const quiet = filtered(logger, ['has left', '(x)']);
  for (const level of LEVELS) {
    quiet[level]('the client has left');
    quiet[level]('a (x) b');
    quiet[level]('the client HAS LEFT', { reason: 'has left' });
  }
  expect(lines).toEqual(LEVELS.map((level) => [level, 'the client HAS LEFT', { reason: 'has left' }]));
});

test('without texts the logger is the one it was', () => {
  const logger = memory();
  expect(filtered(logger, [])).toBe(logger);
});
