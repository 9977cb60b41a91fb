import { DEFAULT_EXTENSIONS } from './default-file.ts';

export type CommandName =
  | 'run'
  | 'check'
  | 'plan'
  | 'apply'
  | 'status'
  | 'servers'
  | 'drain'
  | 'resume'
  | 'restart'
  | 'workers'
  | 'logs'
  | 'doctor'
  | 'init'
  | 'completion';

/** What an option is followed by; without it the option is a switch. */
export interface ValueSpec {
  /** How the help calls it. */
  readonly name: string;
  /** `duration` is `500ms`, `30s`, `2m` or whole seconds; `count` a whole number; `workers` one, `auto` or `physical`; `cluster` the name of one that runs. */
  readonly kind: 'duration' | 'count' | 'workers' | 'cluster' | 'text';
}

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  readonly value?: ValueSpec;
  /** What it does; lines of at most 60 characters. */
  readonly about: string;
}

/** What a command works on. */
export interface OperandSpec {
  readonly name: string;
  readonly least: 0 | 1;
  readonly most: 1 | 2 | typeof MANY;
  readonly about: string;
  /** How it is written, where its name does not say it. */
  readonly usage?: string;
  /** What a shell completes it with. */
  readonly kind: 'file' | 'server' | 'shell' | 'verb';
}

export const MANY = Number.MAX_SAFE_INTEGER;

/** One command: what its help, its usage, its arguments and the completion of shells are made of. */
export interface CommandSpec {
  readonly name: CommandName;
  /** One line: what it does. */
  readonly summary: string;
  /** What there is to know besides, in lines of at most 80 characters. */
  readonly about?: string;
  readonly operand?: OperandSpec;
  readonly options: readonly OptionSpec[];
  /** Further sections of the help, each with its own title. */
  readonly sections?: string;
  readonly exitCodes: readonly string[];
  readonly example: string;
}

export const HELP: OptionSpec = { name: 'help', short: 'h', about: 'this text' };
export const JSON_LINE: OptionSpec = { name: 'json', about: 'write the result as JSON, in one line' };
export const CLUSTER: OptionSpec = {
  name: 'cluster',
  short: 'c',
  value: { name: 'name', kind: 'cluster' },
  about: 'which cluster, by name or process id; needed only\nwhen several run',
};
export const TIMEOUT: OptionSpec = {
  name: 'timeout',
  value: { name: 'time', kind: 'duration' },
  about: 'give up after this long: 500ms, 30s, 2m, or a number of\nseconds; 60s by default',
};
export const WORKERS: OptionSpec = {
  name: 'workers',
  value: { name: 'count', kind: 'workers' },
  about:
    'serve in so many processes: a number, auto (one for each\nCPU) or physical (for each core); wins over the file',
};
export const WAIT: OptionSpec = {
  name: 'wait',
  about: 'until every server runs and everything that left has\nfinished what it accepted',
};

export const FILE: OperandSpec = {
  name: 'file',
  least: 0,
  most: 1,
  kind: 'file',
  about: `the configuration: .json, .yaml, .yml, .ts, .mts, .js, .mjs;
without it, the first of these in this directory:
sluice.config.{${DEFAULT_EXTENSIONS.join(',')}}`,
};
