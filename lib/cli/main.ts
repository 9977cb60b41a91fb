#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { type CommandName, type Request, readArguments } from './arguments.ts';
import { errorComplaint } from './complaint.ts';
import { type Console, printLines } from './console.ts';
import { DEFAULT_EXTENSIONS, findDefaultFile } from './default-file.ts';
import { complaintLines } from './event-line.ts';
import { CommandError, EXIT, type ExitCode } from './exit-code.ts';
import { helpOf, usageOf } from './help.ts';
import { safeOutput } from './output.ts';
import { paintFor } from './paint.ts';

const { stdout, stderr, env } = process;

const console: Console = {
  stdout: safeOutput(stdout),
  stderr: safeOutput(stderr),
  paint: paintFor(stdout, env),
  paintErrors: paintFor(stderr, env),
  // In continuous integration a terminal is a log file that shows escape sequences.
  terminal: stdout.isTTY && env.TERM !== 'dumb' && !env.CI ? stdout : undefined,
};

const perform = async (request: Request): Promise<ExitCode> => {
  switch (request.type) {
    case 'help':
      console.stdout.write(helpOf(request.command));
      return EXIT.done;
    case 'version':
      console.stdout.write(`${readVersion()}\n`);
      return EXIT.done;
    case 'misuse':
      throw misuse(request.command, request.message, request.hint);
    // Loaded when they are needed: help and version are not worth the time that a cluster takes to load.
    case 'run': {
      const { run } = await import('./commands/run.ts');
      return run({ ...request, file: request.file ?? defaultFile('run') }, console);
    }
    case 'check': {
      const { check } = await import('./commands/check.ts');
      return check({ ...request, file: request.file ?? defaultFile('check') }, console);
    }
  }
};

const defaultFile = (command: CommandName): string => {
  const found = findDefaultFile(process.cwd());
  if (found !== undefined) return found;
  const names = `sluice.config.{${DEFAULT_EXTENSIONS.join(',')}}`;
  throw misuse(command, `there is no ${names} here`, `name the file: sluice ${command} path/to/file`);
};

const misuse = (command: CommandName | undefined, message: string, hint: string): CommandError =>
  new CommandError(EXIT.usage, [{ code: 'ERR_USAGE', message, hint: `${hint}; usage: ${usageOf(command)}` }]);

const readVersion = (): string => {
  // Two levels up from lib/cli and from dist/cli.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
};

const main = async (): Promise<ExitCode> => {
  try {
    return await perform(readArguments(process.argv.slice(2)));
  } catch (error) {
    const complaints = error instanceof CommandError ? error.complaints : [errorComplaint(error)];
    printLines(console.stderr, console.paintErrors, complaints.flatMap(complaintLines));
    return error instanceof CommandError ? error.exitCode : EXIT.error;
  }
};

const exitCode = await main();
await Promise.all([console.stdout.flush(), console.stderr.flush()]);
// Not `process.exitCode`: a timer or a socket of a configuration's own code must not keep a stopped command alive.
process.exit(exitCode);
