import { type CommandSpec, FILE, HELP, JSON_LINE, WORKERS } from '../command-spec.ts';

/** The commands that need no cluster that runs. */
export const serving: readonly CommandSpec[] = [
  {
    name: 'run',
    summary: 'serve what the file says, and follow its edits',
    operand: FILE,
    options: [
      WORKERS,
      { name: 'no-watch', about: 'read the file once, and again at SIGHUP only' },
      {
        name: 'name',
        value: { name: 'name', kind: 'text' },
        about: 'what other commands call it; the name of the directory\nof the file by default',
      },
      { name: 'no-control', about: 'without the socket through which they reach it' },
      { name: 'control', about: 'end when there can be no such socket, instead of a\nwarning' },
      {
        name: 'resume',
        about: 'keep the last good configuration on disk, and start from\nit when the file cannot be used',
      },
      { name: 'json', about: 'write events as JSON, one per line' },
      HELP,
    ],
    sections: `An edit that is not valid, or cannot be put in force, changes nothing: what is
wrong is shown, and what ran keeps running.

Signals:
  SIGTERM, SIGINT, SIGQUIT
                   finish the requests under way, then exit; a second one,
                   half a second later or more, exits at once
  SIGHUP           read the file again
  SIGUSR2          replace all workers, one by one; without workers start all
                   servers anew behind their open sockets: modules are imported
                   again, certificates read again`,
    exitCodes: [
      '0 stopped as asked   2 usage                   4 refused (an address is taken)',
      '1 something broke    3 invalid configuration   5 timeout',
    ],
    example: `echo '{"servers":{"web":{"listen":"127.0.0.1:8080","routes":[
  {"path":"/","respond":{"body":"hello"}}]}}}' > sluice.config.json
sluice run`,
  },
  {
    name: 'check',
    summary: 'say whether the file is valid, and what it would serve',
    about: `Nothing is started. A module (.ts, .js …) is imported, which runs it. Whether
files and modules that servers name are there, and ports are free, is not looked
at: sluice doctor does that.`,
    operand: FILE,
    options: [{ ...WORKERS, about: 'as it would run with that option of run' }, JSON_LINE, HELP],
    exitCodes: ['0 valid    2 usage    3 invalid configuration    5 timeout'],
    example: 'sluice check sluice.config.json',
  },
  {
    name: 'doctor',
    summary: 'look for what would keep servers from running here',
    about: `Looks at the version of Node, the limit on open files, leftovers of processes
that died, the private directory of control sockets; and at the addresses,
certificates and permissions of a configuration, when there is one.`,
    operand: FILE,
    options: [JSON_LINE, HELP],
    exitCodes: ['0 nothing stands in the way    1 something does    2 usage'],
    example: 'sluice doctor sluice.config.json',
  },
  {
    name: 'init',
    summary: 'write a first configuration file',
    about: 'Nothing is ever overwritten.',
    operand: {
      ...FILE,
      about:
        'where to; sluice.config.json by default. Its end says in\nwhich format: .json, .yaml, .yml, .ts, .mts, .js, .mjs',
    },
    options: [JSON_LINE, HELP],
    exitCodes: ['0 written    1 it could not be    2 usage    4 there is one already'],
    example: 'sluice init sluice.config.ts',
  },
  {
    name: 'completion',
    summary: 'write what makes a shell complete these commands',
    operand: { name: 'shell', least: 1, most: 1, kind: 'shell', about: 'bash, zsh or fish' },
    options: [HELP],
    exitCodes: ['0 done    2 usage'],
    example: `source <(sluice completion bash)           # in ~/.bashrc
source <(sluice completion zsh)            # in ~/.zshrc, after compinit
sluice completion fish > ~/.config/fish/completions/sluice.fish`,
  },
];
