import { type CommandName, type CommandSpec, MANY, type OptionSpec } from './command-spec.ts';
import { COMMANDS, specOf } from './specs/specs.ts';

const general = (): string => `sluice: HTTP servers that follow a configuration file

Usage: sluice <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}  ${summary}`).join('\n')}

Options:
  -h, --help      this text, or that of a command: sluice run --help
  -v, --version   the version

Example:
  sluice run sluice.config.json
`;

/** Where explanations begin: column 19 of 80. */
const INDENT = 18;

const row = (term: string, about: string): string => {
  const [first = '', ...rest] = about.split('\n');
  const head = `  ${term}`;
  const start = head.length < INDENT - 1 ? `${head.padEnd(INDENT)}${first}` : `${head}\n${' '.repeat(INDENT)}${first}`;
  return [start, ...rest.map((line) => ' '.repeat(INDENT) + line)].join('\n');
};

const optionTerm = ({ name, short, value }: OptionSpec): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value.name}>`}`;

const operandText = ({ operand }: CommandSpec): string => {
  if (operand === undefined) return '';
  if (operand.usage !== undefined) return ` ${operand.usage}`;
  const many = operand.most === MANY ? '…' : '';
  return operand.least === 0 ? ` [${operand.name}${many}]` : ` <${operand.name}>${many}`;
};

const textOf = (spec: CommandSpec): string =>
  [
    `sluice ${spec.name}: ${spec.summary}`,
    ...(spec.about === undefined ? [] : [spec.about]),
    `Usage: sluice ${spec.name}${operandText(spec)} [options]`,
    ...(spec.operand === undefined ? [] : [row(spec.operand.name, spec.operand.about)]),
    ['Options:', ...spec.options.map((option) => row(optionTerm(option), option.about))].join('\n'),
    ...(spec.sections === undefined ? [] : [spec.sections]),
    ['Exit codes:', ...spec.exitCodes.map((line) => `  ${line}`)].join('\n'),
    ['Example:', ...spec.example.split('\n').map((line) => `  ${line}`)].join('\n'),
  ]
    .join('\n\n')
    .concat('\n');

/** The text that explains a command, or all of them. */
export const helpOf = (command: CommandName | undefined): string =>
  command === undefined ? general() : textOf(specOf(command));

/** One line: how a command is called. */
export const usageOf = (command: CommandName | undefined): string => {
  if (command === undefined) return 'sluice <command> [options], sluice --help, sluice --version';
  const spec = specOf(command);
  const options = spec.options.map(({ name, value }) => ` [--${name}${value === undefined ? '' : ` <${value.name}>`}]`);
  return `sluice ${command}${operandText(spec)}${options.join('')}`;
};
