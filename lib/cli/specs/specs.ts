import type { CommandName, CommandSpec } from '../command-spec.ts';
import { control } from './control.ts';
import { serving } from './serving.ts';

const [run, check, ...rest] = serving;

/** Every command, in the order in which the help names them. */
export const COMMANDS: readonly CommandSpec[] = [run, check, ...control, ...rest].filter((one) => one !== undefined);

const byName = new Map(COMMANDS.map((command) => [command.name, command]));

export const specOf = (name: CommandName): CommandSpec => {
  const spec = byName.get(name);
  if (spec === undefined) throw new TypeError(`no command ${name}`);
  return spec;
};
