#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { type Order, type Request, readArguments } from './arguments.ts';
import type { CommandName } from './command-spec.ts';
import { type Complaint, errorComplaint } from './complaint.ts';
import { type Console, printLines } from './console.ts';
import { DEFAULT_EXTENSIONS, findDefaultFile } from './default-file.ts';
import { divertConsole } from './divert-console.ts';
import { eventJson } from './event-json.ts';
import { complaintLines } from './event-line.ts';
import { CommandError, EXIT, type ExitCode } from './exit-code.ts';
import { helpOf, usageOf } from './help.ts';
import { safeOutput } from './output.ts';
import { paintFor } from './paint.ts';
import { printable } from './text.ts';
import { readCount } from './worker-order.ts';

const { stdout, stderr, env } = process;

const console: Console = {
  stdout: safeOutput(stdout),
  stderr: safeOutput(stderr),
  paint: paintFor(stdout, env),
  paintErrors: paintFor(stderr, env),
  // In continuous integration a terminal is a log file that shows escape sequences.
  terminal: stdout.isTTY && env.TERM !== 'dumb' && !env.CI ? stdout : undefined,
};

const ENDED_BY_CODE: Complaint = {
  code: 'ERR_UNEXPECTED',
  message: 'code in the configuration ended the program',
  hint: 'look for process.exit in it, and in what it imports',
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
    case 'order':
      return carryOut(request.order);
  }
};

/** Commands are loaded when they are needed: help and version are not worth the time that a cluster takes to load. */
const carryOut = async (order: Order): Promise<ExitCode> => {
  const { command, switches } = order;
  const json = switches.has('json');
  switch (command) {
    case 'run': {
      const { run } = await import('./commands/run.ts');
      return run(
        {
          file: fileOf(order),
          watch: !switches.has('no-watch'),
          json,
          name: order.values.get('name'),
          control: controlOf(switches),
          resume: switches.has('resume'),
          workers: readCount(order.values.get('workers') ?? ''),
          version: readVersion(),
        },
        console,
      );
    }
    case 'check':
      return (await import('./commands/check.ts')).check(
        { file: fileOf(order), json, workers: readCount(order.values.get('workers') ?? '') },
        console,
      );
    case 'plan':
      return (await import('./commands/plan.ts')).plan({ ...order, operands: [fileOf(order)] }, console);
    case 'apply':
      return (await import('./commands/apply.ts')).apply({ ...order, operands: [fileOf(order)] }, console);
    case 'status':
      return (await import('./commands/status.ts')).status(order, console);
    case 'servers':
      return (await import('./commands/servers.ts')).servers(order, console);
    case 'drain':
    case 'resume':
      return (await import('./commands/drain.ts')).drainOrResume(order, console);
    case 'restart':
      return (await import('./commands/restart.ts')).restart(order, console);
    case 'workers':
      return (await import('./commands/workers.ts')).workers(order, console);
    case 'logs':
      return (await import('./commands/logs.ts')).logs(order, console);
    case 'doctor': {
      const [file = findDefaultFile('.')] = order.operands;
      return (await import('./commands/doctor.ts')).doctor({ file, json }, console);
    }
    case 'init':
      return (await import('./commands/init.ts')).init({ file: order.operands[0], json }, console);
    case 'completion':
      return (await import('./commands/completion.ts')).completion(order, console);
  }
};

const controlOf = (switches: ReadonlySet<string>): 'none' | 'wanted' | 'required' => {
  if (switches.has('control')) return 'required';
  return switches.has('no-control') ? 'none' : 'wanted';
};

const fileOf = ({ command, operands: [file = findDefaultFile('.')] }: Order): string => {
  if (file !== undefined) return file;
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

const request = readArguments(process.argv.slice(2));
const order = request.type === 'order' ? request.order : undefined;
const isJson = order?.switches.has('json') === true;

const fail = (error: unknown): ExitCode => {
  const complaints = error instanceof CommandError ? error.complaints : [errorComplaint(error)];
  if (isJson) {
    const at = new Date();
    for (const one of complaints) console.stdout.write(`${eventJson({ type: 'error', ...one }, at)}\n`);
  } else printLines(console.stderr, console.paintErrors, complaints.flatMap(complaintLines));
  return error instanceof CommandError ? error.exitCode : EXIT.error;
};

const end = async (exitCode: ExitCode): Promise<void> => {
  await Promise.all([console.stdout.flush(), console.stderr.flush()]);
  isOver = true;
  // Not `process.exitCode`: a timer or a socket of a configuration's own code must not keep a stopped command alive.
  process.exit(exitCode);
};

// Code in a configuration runs in this process, and what it does besides must not be taken for what the command says:
// it may throw where nobody catches (`run` has servers to stop then), write, or end the process.
let isOver = false;
if (order?.command !== 'run') {
  process.on('uncaughtException', (error) => {
    const exitCode = fail(error);
    isOver = true;
    // At once: what the command is about to say was made by code that has failed.
    process.exit(exitCode);
  });
  if (isJson) divertConsole((_, text) => console.stderr.write(`${printable(text)}\n`));
}
process.on('exit', (code) => {
  if (isOver || code > EXIT.done) return;
  process.exitCode = fail(new CommandError(EXIT.error, [ENDED_BY_CODE]));
});

await end(await perform(request).catch(fail));
