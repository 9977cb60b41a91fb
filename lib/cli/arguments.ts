import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';

export type CommandName = 'run' | 'check';

/** What a command line asks for. */
export type Request =
  | { readonly type: 'help'; readonly command: CommandName | undefined }
  | { readonly type: 'version' }
  | { readonly type: 'run'; readonly file: string | undefined; readonly watch: boolean; readonly json: boolean }
  | { readonly type: 'check'; readonly file: string | undefined; readonly json: boolean }
  /** It was not understood. */
  | {
      readonly type: 'misuse';
      readonly command: CommandName | undefined;
      readonly message: string;
      readonly hint: string;
    };

interface Option {
  readonly type: 'boolean';
  readonly short?: string;
}

const HELP: Option = { type: 'boolean', short: 'h' };
const OPTIONS: Readonly<Record<CommandName, Readonly<Record<string, Option>>>> = {
  run: { help: HELP, 'no-watch': { type: 'boolean' }, json: { type: 'boolean' } },
  check: { help: HELP, json: { type: 'boolean' } },
};
const COMMANDS: readonly CommandName[] = ['run', 'check'];

/** What people write who know other programs; the help names the first of each. */
const HELP_WORDS: ReadonlySet<string> = new Set(['--help', '-h', 'help']);
const VERSION_WORDS: ReadonlySet<string> = new Set(['--version', '-v', '-V', 'version']);

/** Reads a command line, without the program's own name. Pure; never throws. */
export const readArguments = (argv: readonly string[]): Request => {
  const [first, ...rest] = argv;
  if (first === undefined) return misuse(undefined, 'a command is missing', `commands are ${COMMANDS.join(' and ')}`);
  if (HELP_WORDS.has(first)) return { type: 'help', command: COMMANDS.find((name) => name === rest[0]) };
  if (VERSION_WORDS.has(first)) return { type: 'version' };
  const command = COMMANDS.find((name) => name === first);
  if (command !== undefined) return readCommand(command, rest);
  const what = first.startsWith('-') ? 'option' : 'command';
  const known = what === 'option' ? ['--help', '--version'] : COMMANDS;
  return misuse(undefined, `unknown ${what} ${JSON.stringify(first)}`, suggestion(first, known));
};

const readCommand = (command: CommandName, argv: readonly string[]): Request => {
  const options = OPTIONS[command];
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const files: string[] = [];
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(options, token.name)) {
      const known = Object.keys(options).map((name) => `--${name}`);
      return misuse(command, `unknown option ${JSON.stringify(token.rawName)}`, suggestion(token.rawName, known));
    }
    if (token.inlineValue === true) {
      return misuse(command, `${token.rawName} takes no value`, `write ${token.rawName} alone`);
    }
    given.add(token.name);
  }
  if (given.has('help')) return { type: 'help', command };
  const [file, second] = files;
  if (second !== undefined) {
    return misuse(command, `one file at a time, not also ${JSON.stringify(second)}`, 'put everything into one file');
  }
  if (file === '') return misuse(command, 'the file has an empty name', 'name it, or leave it out');
  const json = given.has('json');
  return command === 'run' ? { type: 'run', file, watch: !given.has('no-watch'), json } : { type: 'check', file, json };
};

const misuse = (command: CommandName | undefined, message: string, hint: string): Request => ({
  type: 'misuse',
  command,
  message,
  hint,
});

const suggestion = (written: string, known: readonly string[]): string => {
  const near = nearest(written, known);
  return near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
};
