import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Order, readArguments, readDuration } from '../../lib/cli/arguments.ts';
import { COMMANDS } from '../../lib/cli/specs/specs.ts';

const order = (
  command: Order['command'],
  operands: readonly string[] = [],
  switches: readonly string[] = [],
  values: Readonly<Record<string, string>> = {},
) => ({
  type: 'order',
  order: { command, operands, switches: new Set(switches), values: new Map(Object.entries(values)) },
});

test.each([
  [['run'], order('run')],
  [['run', 'a.json'], order('run', ['a.json'])],
  [['run', '--no-watch', 'a.json', '--json'], order('run', ['a.json'], ['no-watch', 'json'])],
  [['run', '--', '--odd.json'], order('run', ['--odd.json'])],
  [['check', 'a.json', '--json'], order('check', ['a.json'], ['json'])],
  [['apply', '--wait', '--timeout', '5s', 'a.json'], order('apply', ['a.json'], ['wait'], { timeout: '5s' })],
  [['logs', '-f', '-n', '5', '-c', 'web'], order('logs', [], ['follow'], { lines: '5', cluster: 'web' })],
  [['logs', '-n=5'], { type: 'misuse' }],
  [['restart', 'a', 'b'], order('restart', ['a', 'b'])],
  [['drain', 'a'], order('drain', ['a'])],
  [['--help'], { type: 'help', command: undefined }],
  [['check', 'a.json', '--help'], { type: 'help', command: 'check' }],
  [['run', '-h'], { type: 'help', command: 'run' }],
  [['help'], { type: 'help', command: undefined }],
  [['help', 'run'], { type: 'help', command: 'run' }],
  [['-v'], { type: 'version' }],
  [['-V'], { type: 'version' }],
  [['version'], { type: 'version' }],
])('%j', (argv, request) => {
  expect(readArguments(argv)).toMatchObject(request);
});

test.each([
  [[], 'a command is missing', /^commands are run, check, /],
  [['chekc'], 'unknown command "chekc"', 'did you mean check?'],
  [['stauts'], 'unknown command "stauts"', 'did you mean status?'],
  [['--hlep'], 'unknown option "--hlep"', 'did you mean --help?'],
  [['check', '--no-watch'], 'unknown option "--no-watch"', 'known are --workers, --json, --help'],
  [['apply', '--dryrun'], 'unknown option "--dryrun"', 'did you mean --dry-run?'],
  [['run', '--json=yes'], '--json takes no value', 'write --json alone'],
  [['run', 'a.json', 'b.json'], 'one file at a time, not also "b.json"', 'put everything into one file'],
  [['drain', 'a', 'b'], 'one server at a time, not also "b"', 'call the command once for each'],
  [['drain'], 'the server is missing', /^name it: /],
  [['status', 'web'], 'status takes no operand such as "web"', 'leave it out'],
  [['run', ''], 'the file has an empty name', 'name it, or leave it out'],
  [['apply', '--timeout'], '--timeout needs a value', 'write --timeout <time>'],
  [['apply', '--timeout', '--wait'], '--timeout needs a value', 'write --timeout <time>'],
  [['apply', '--timeout', 'soon'], '--timeout cannot be "soon"', 'write a time such as 500ms, 30s or 2m'],
  [['run', '--name', '../x'], '--name cannot be "../x"', 'write letters, digits, - and _'],
])('%j is misuse', (argv, message, hint) => {
  expect(readArguments(argv)).toMatchObject({
    type: 'misuse',
    message,
    hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
  });
});

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['30', 30_000],
  ['1.5m', 90_000],
  ['1h', 3_600_000],
  ['0s', undefined],
  ['-1s', undefined],
  ['1d', undefined],
  ['9999h', undefined],
])('%s is a time of %s ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test('any command line is either understood or misuse', () => {
  const words = COMMANDS.flatMap(({ name, options }) => [name, ...options.map((option) => `--${option.name}`)]);
  const word = fc.oneof(fc.constantFrom(...words, '-h', '-f', '-n', '--', '-', '--toString'), fc.string());
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      expect(['order', 'help', 'version', 'misuse']).toContain(readArguments(argv).type);
    }),
  );
});
