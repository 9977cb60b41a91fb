import { expect, test } from 'vitest';
import { readProgramText } from '../../docs/program-text.ts';

test('the comments that end a file are what it prints', () => {
  expect(readProgramText('go();\n\n// prints:\n// one\n//\n//   two\n')).toEqual({
    code: 'go();\n',
    prints: ['one', '', '  two'],
  });
});

test('a program without them promises nothing', () => {
  expect(readProgramText('go();\n')).toEqual({ code: 'go();\n', prints: undefined });
});

test('the same comments anywhere else are code', () => {
  const text = '// prints:\n// one\ngo();\n';
  expect(readProgramText(text)).toEqual({ code: text, prints: undefined });
});
