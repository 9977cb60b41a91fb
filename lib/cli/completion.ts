import type { CommandSpec, OptionSpec } from './command-spec.ts';
import { COMMANDS } from './specs/specs.ts';
import { shellQuoted } from './text.ts';
import { WORKER_VERBS } from './worker-order.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

export const isShell = (text: string): text is Shell => SHELLS.some((shell) => shell === text);

/** The script that makes a shell complete commands, options, files, and the ids of servers that run. Pure. */
export const completionFor = (shell: Shell): string => {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
  }
};

const FILES = '*.json *.yaml *.yml *.ts *.mts *.js *.mjs';

/** Asks the running cluster for what can be completed; silent when there is none, or several. */
const SERVER_IDS = `sluice servers --json --timeout 2s 2>/dev/null | tr '{' '\\n' | sed -n 's/^"id":"\\([^"]*\\)".*/\\1/p'`;
const CLUSTER_NAMES = `sluice status --json --timeout 2s 2>/dev/null | tr '{' '\\n' | sed -n 's/^"name":"\\([^"]*\\)","pid":.*/\\1/p'`;

const namesOf = ({ options }: CommandSpec): string =>
  options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]).join(' ');

const bash = (): string => `# Completion of sluice for bash: source <(sluice completion bash)
_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${COMMANDS.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "$previous" in
    --cluster | -c)
      COMPREPLY=($(compgen -W "$(${CLUSTER_NAMES})" -- "$current"))
      return
      ;;
    ${valueOptions().join(' | ')}) return ;;
  esac
  case "$command" in
${COMMANDS.map(bashCase).join('\n')}
  esac
}
complete -F _sluice sluice
`;

/** Options whose value nobody can guess. */
const valueOptions = (): readonly string[] => [
  ...new Set(
    COMMANDS.flatMap(({ options }) => options)
      .filter(({ value }) => value !== undefined && value.kind !== 'cluster')
      .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]),
  ),
];

const bashCase = (spec: CommandSpec): string => `    ${spec.name})
      if [[ "$current" == -* ]]; then
        COMPREPLY=($(compgen -W "${namesOf(spec)}" -- "$current"))
      else
        ${bashOperand(spec)}
      fi
      ;;`;

const bashOperand = ({ operand }: CommandSpec): string => {
  switch (operand?.kind) {
    case 'file':
      // One name per line, blanks and all; readline quotes what it takes for names of files.
      return `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2> /dev/null`;
    case 'server':
      return `COMPREPLY=($(compgen -W "$(${SERVER_IDS})" -- "$current"))`;
    case 'shell':
      return `COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$current"))`;
    case 'verb':
      return `[ "$COMP_CWORD" -eq 2 ] && COMPREPLY=($(compgen -W "${WORKER_VERBS.join(' ')}" -- "$current"))`;
    case undefined:
      return ':';
  }
};

const firstLine = (text: string): string => text.split('\n').join(' ');

const zsh = (): string => `#compdef sluice
# Completion of sluice for zsh: source <(sluice completion zsh), after compinit
_sluice_servers() { compadd -- \${(f)"$(${SERVER_IDS})"} }
_sluice_clusters() { compadd -- \${(f)"$(${CLUSTER_NAMES})"} }
_sluice() {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
${COMMANDS.map(({ name, summary }) => `      ${shellQuoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${COMMANDS.map(zshCase).join('\n')}
  esac
}
compdef _sluice sluice
`;

const zshCase = (spec: CommandSpec): string => `    ${spec.name})
      _arguments ${[...spec.options.flatMap(zshOption), ...zshOperand(spec)].join(' ')}
      ;;`;

const zshOption = ({ name, short, value, about }: OptionSpec): readonly string[] => {
  const text = firstLine(about).replaceAll(/[[\]:]/g, (char) => `\\${char}`);
  const action = value?.kind === 'cluster' ? '_sluice_clusters' : ' ';
  const rest = `[${text}]${value === undefined ? '' : `:${value.name}:${action}`}`;
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])].map((option) => shellQuoted(option + rest));
};

const zshOperand = ({ operand }: CommandSpec): readonly string[] => {
  switch (operand?.kind) {
    case 'file':
      return [`':file:_files -g "${FILES}"'`];
    case 'server':
      return ["'*:server:_sluice_servers'"];
    case 'shell':
      return [`':shell:(${SHELLS.join(' ')})'`];
    case 'verb':
      return [`':order:(${WORKER_VERBS.join(' ')})'`];
    case undefined:
      return [];
  }
};

const fish = (): string =>
  [
    '# Completion of sluice for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish',
    'complete -c sluice -f',
    ...COMMANDS.map(
      ({ name, summary }) => `complete -c sluice -n __fish_use_subcommand -a ${name} -d ${fishQuote(summary)}`,
    ),
    ...COMMANDS.flatMap(fishCommand),
    '',
  ].join('\n');

const fishQuote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const fishCommand = (spec: CommandSpec): readonly string[] => {
  const head = `complete -c sluice -n '__fish_seen_subcommand_from ${spec.name}'`;
  const options = spec.options.map(({ name, short, value, about }) => {
    const forms = `${short === undefined ? '' : ` -s ${short}`} -l ${name}`;
    const argument =
      value === undefined ? '' : value.kind === 'cluster' ? ` -x -a ${fishQuote(`(${CLUSTER_NAMES})`)}` : ' -x';
    return `${head}${forms}${argument} -d ${fishQuote(firstLine(about))}`;
  });
  switch (spec.operand?.kind) {
    case 'file':
      return [...options, `${head} -F`];
    case 'server':
      return [...options, `${head} -a ${fishQuote(`(${SERVER_IDS})`)}`];
    case 'shell':
      return [...options, `${head} -a '${SHELLS.join(' ')}'`];
    case 'verb':
      return [...options, `${head} -a '${WORKER_VERBS.join(' ')}'`];
    case undefined:
      return options;
  }
};
