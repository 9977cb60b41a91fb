import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readArguments } from '../../lib/cli/arguments.ts';

test.each([
  [['run'], { type: 'run', file: undefined, watch: true, json: false }],
  [['run', 'a.json'], { type: 'run', file: 'a.json', watch: true, json: false }],
  [['run', '--no-watch', 'a.json', '--json'], { type: 'run', file: 'a.json', watch: false, json: true }],
  [['run', '--', '--odd.json'], { type: 'run', file: '--odd.json', watch: true, json: false }],
  [['check', 'a.json', '--json'], { type: 'check', file: 'a.json', json: true }],
  [['--help'], { type: 'help', command: undefined }],
  [['check', 'a.json', '--help'], { type: 'help', command: 'check' }],
  [['run', '-h'], { type: 'help', command: 'run' }],
  [['help'], { type: 'help', command: undefined }],
  [['help', 'run'], { type: 'help', command: 'run' }],
  [['-v'], { type: 'version' }],
  [['-V'], { type: 'version' }],
  [['version'], { type: 'version' }],
])('%j', (argv, request) => {
  expect(readArguments(argv)).toEqual(request);
});

test.each([
  [[], 'a command is missing', 'commands are run and check'],
  [['chekc'], 'unknown command "chekc"', 'did you mean check?'],
  [['--hlep'], 'unknown option "--hlep"', 'did you mean --help?'],
  [['check', '--no-watch'], 'unknown option "--no-watch"', 'known are --help, --json'],
  [['run', '-x'], 'unknown option "-x"', 'known are --help, --no-watch, --json'],
  [['run', '--json=yes'], '--json takes no value', 'write --json alone'],
  [['run', 'a.json', 'b.json'], 'one file at a time, not also "b.json"', 'put everything into one file'],
  [['run', ''], 'the file has an empty name', 'name it, or leave it out'],
])('%j is misuse', (argv, message, hint) => {
  expect(readArguments(argv)).toMatchObject({ type: 'misuse', message, hint });
});

test('any command line is either understood or misuse', () => {
  const word = fc.oneof(
    fc.constantFrom('run', 'check', '--json', '--no-watch', '-h', '--', '-', '--toString'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      expect(['run', 'check', 'help', 'version', 'misuse']).toContain(readArguments(argv).type);
    }),
  );
});
