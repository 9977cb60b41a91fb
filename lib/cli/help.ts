import type { CommandName } from './arguments.ts';
import { DEFAULT_EXTENSIONS } from './default-file.ts';

const GENERAL = `sluice: HTTP servers that follow a configuration file

Usage: sluice <command> [file] [options]

Commands:
  run     serve what the file says, and follow its edits
  check   say whether the file is valid, and what it would serve

Options:
  -h, --help      this text, or that of a command: sluice run --help
  -v, --version   the version

Example:
  sluice run sluice.config.json
`;

const FILE = `  file            the configuration: .json, .yaml, .yml, .ts, .mts, .js, .mjs;
                  without it, the first of these in this directory:
                  sluice.config.{${DEFAULT_EXTENSIONS.join(',')}}`;

const RUN = `sluice run: serve what the file says, and follow its edits

Usage: sluice run [file] [options]

${FILE}

Options:
  --no-watch      read the file once, and again at SIGHUP only
  --json          write events as JSON, one per line
  -h, --help      this text

An edit that is not valid, or cannot be put in force, changes nothing: what is
wrong is shown, and what ran keeps running.

Signals:
  SIGTERM, SIGINT  finish the requests under way, then exit; a second one,
                   half a second later or more, exits at once
  SIGHUP           read the file again

Exit codes:
  0 stopped as asked   2 usage                   4 refused (an address is taken)
  1 something broke    3 invalid configuration   5 timeout

Example:
  echo '{"servers":{"web":{"listen":"127.0.0.1:8080","routes":[
    {"path":"/","respond":{"body":"hello"}}]}}}' > sluice.config.json
  sluice run
`;

const CHECK = `sluice check: say whether the file is valid, and what it would serve

Nothing is started. A module (.ts, .js …) is imported, which runs it.

Usage: sluice check [file] [options]

${FILE}

Options:
  --json          write the result as JSON, in one line
  -h, --help      this text

Exit codes:
  0 valid    2 usage    3 invalid configuration    5 timeout

Example:
  sluice check sluice.config.json
`;

/** The text that explains a command, or all of them. */
export const helpOf = (command: CommandName | undefined): string => {
  switch (command) {
    case 'run':
      return RUN;
    case 'check':
      return CHECK;
    case undefined:
      return GENERAL;
  }
};

/** One line: how a command is called. */
export const usageOf = (command: CommandName | undefined): string => {
  switch (command) {
    case 'run':
      return 'sluice run [file] [--no-watch] [--json] [--help]';
    case 'check':
      return 'sluice check [file] [--json] [--help]';
    case undefined:
      return 'sluice <run|check> [file] [options], sluice --help, sluice --version';
  }
};
