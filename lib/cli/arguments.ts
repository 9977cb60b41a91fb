import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import { type CommandName, type CommandSpec, MANY, type OptionSpec, type ValueSpec } from './command-spec.ts';
import { COMMANDS, specOf } from './specs/specs.ts';
import { COUNT_HINT, readCount, readWorkerOrder } from './worker-order.ts';

/** A command with what was written after it; every option and operand is one it has, and every value has its form. */
export interface Order {
  readonly command: CommandName;
  readonly operands: readonly string[];
  /** Options without a value that were given. */
  readonly switches: ReadonlySet<string>;
  /** The values of the others, as they were written; the last one counts. */
  readonly values: ReadonlyMap<string, string>;
}

/** What a command line asks for. */
export type Request =
  | { readonly type: 'help'; readonly command: CommandName | undefined }
  | { readonly type: 'version' }
  | { readonly type: 'order'; readonly order: Order }
  /** It was not understood. */
  | {
      readonly type: 'misuse';
      readonly command: CommandName | undefined;
      readonly message: string;
      readonly hint: string;
    };

/** What people write who know other programs; the help names the first of each. */
const HELP_WORDS: ReadonlySet<string> = new Set(['--help', '-h', 'help']);
const VERSION_WORDS: ReadonlySet<string> = new Set(['--version', '-v', '-V', 'version']);

/** Reads a command line, without the program's own name. Pure; never throws. */
export const readArguments = (argv: readonly string[]): Request => {
  const names = COMMANDS.map(({ name }) => name);
  const [first, ...rest] = argv;
  if (first === undefined) return misuse(undefined, 'a command is missing', `commands are ${names.join(', ')}`);
  if (HELP_WORDS.has(first)) return { type: 'help', command: names.find((name) => name === rest[0]) };
  if (VERSION_WORDS.has(first)) return { type: 'version' };
  const command = names.find((name) => name === first);
  if (command !== undefined) return readCommand(specOf(command), rest);
  const what = first.startsWith('-') ? 'option' : 'command';
  const known = what === 'option' ? ['--help', '--version'] : names;
  return misuse(undefined, `unknown ${what} ${JSON.stringify(first)}`, suggestion(first, known));
};

const readCommand = (spec: CommandSpec, argv: readonly string[]): Request => {
  const command = spec.name;
  const { tokens } = parseArgs({ args: [...argv], options: parserOptions(spec), strict: false, tokens: true });
  const operands: string[] = [];
  const switches = new Set<string>();
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = spec.options.find(({ name }) => name === token.name);
    if (option === undefined) {
      const known = spec.options.map(({ name }) => `--${name}`);
      return misuse(command, `unknown option ${JSON.stringify(token.rawName)}`, suggestion(token.rawName, known));
    }
    const wrong = valueProblem(token.rawName, option, token.value, token.inlineValue === true);
    if (wrong !== undefined) return misuse(command, ...wrong);
    if (option.value === undefined) switches.add(option.name);
    else values.set(option.name, token.value ?? '');
  }
  if (switches.has('help')) return { type: 'help', command };
  const wrong = operandProblem(spec, operands);
  if (wrong !== undefined) return misuse(command, ...wrong);
  return { type: 'order', order: { command, operands, switches, values } };
};

const parserOptions = ({ options }: CommandSpec) =>
  Object.fromEntries(
    options.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );

type Wrong = readonly [message: string, hint: string];

const valueProblem = (
  written: string,
  { value: spec }: OptionSpec,
  value: string | undefined,
  isInline: boolean,
): Wrong | undefined => {
  if (spec === undefined) return isInline ? [`${written} takes no value`, `write ${written} alone`] : undefined;
  // What looks like an option was more likely meant to be one; `--name=-x` says otherwise.
  if (value === undefined || value === '' || (!isInline && value.startsWith('-'))) {
    return [`${written} needs a value`, `write ${written} <${spec.name}>`];
  }
  return isValue(spec, value) ? undefined : [`${written} cannot be ${JSON.stringify(value)}`, VALUE_HINTS[spec.kind]];
};

const VALUE_HINTS: Readonly<Record<ValueSpec['kind'], string>> = {
  duration: 'write a time such as 500ms, 30s or 2m',
  count: 'write a whole number',
  workers: COUNT_HINT,
  cluster: 'write the name or the process id that sluice status shows',
  text: 'write letters, digits, - and _',
};

const isValue = ({ kind }: ValueSpec, value: string): boolean => {
  switch (kind) {
    case 'duration':
      return readDuration(value) !== undefined;
    case 'count':
      return /^\d{1,6}$/.test(value);
    case 'workers':
      return readCount(value) !== undefined;
    case 'text':
      return /^[\w-]{1,32}$/.test(value);
    case 'cluster':
      return true;
  }
};

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, '': 1_000 };

/** Milliseconds of `500ms`, `30s`, `1.5m` or plain seconds; `undefined` for anything else, and for more than 24 days. */
export const readDuration = (text: string): number | undefined => {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (UNITS_MS[unit] ?? Number.NaN));
  return ms > 0 && ms <= 2 ** 31 - 1 ? ms : undefined;
};

const operandProblem = ({ operand, name }: CommandSpec, operands: readonly string[]): Wrong | undefined => {
  const [first, second] = operands;
  if (operand === undefined) {
    return first === undefined
      ? undefined
      : [`${name} takes no operand such as ${JSON.stringify(first)}`, 'leave it out'];
  }
  if (first === undefined && operand.least > 0) return [`the ${operand.name} is missing`, `name it: ${operand.about}`];
  if (operand.kind === 'verb') {
    const order = readWorkerOrder(operands);
    return order.type === 'wrong' ? [order.message, order.hint] : undefined;
  }
  if (second !== undefined && operand.most !== MANY) {
    const hint = operand.kind === 'file' ? 'put everything into one file' : 'call the command once for each';
    return [`one ${operand.name} at a time, not also ${JSON.stringify(second)}`, hint];
  }
  return operands.includes('') ? [`the ${operand.name} has an empty name`, 'name it, or leave it out'] : undefined;
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
