import { received } from '../config/received.ts';
import { MembersError } from './errors.ts';
import { missingParts } from './parts.ts';
import type { RestartType } from './restart-strategy.ts';
import type { Runnable } from './runnable.ts';

/** A runnable that can take another config without being stopped. */
export interface Configurable extends Runnable {
  /**
   * Takes the `config` of its member, which has changed: while it runs, or between two attempts to start it.
   *
   * Done when it returns, or when the promise it returns resolves. To throw or reject means that the config before
   * stays in force.
   */
  configure?(config: unknown): Promise<void> | void;
}

/** One of the runnables a composite is made of. */
export interface CompositeMember {
  /** What it is called in states, logs and errors; no two have the same. */
  readonly name: string;
  /**
   * The runnable, or a function that makes one for every attempt to start it: what cannot be started twice, or is
   * wanted fresh after a crash, is given as a function.
   */
  readonly runnable: Configurable | (() => Configurable);
  /**
   * What it runs with, compared by value. Without it a member is the same as long as `runnable` is the same object or
   * function; with it functions are not compared, so that they can be written where the members are listed. What is
   * changed inside an object that was given before is not seen.
   */
  readonly config?: unknown;
  /** Whether it is started again when it is no more; `permanent` by default. */
  readonly restart?: RestartType;
  /**
   * How another runnable takes its place: started before this one is stopped (`start-first`, the default), or after,
   * because both want the same thing: a port, a file, a lock. The member that takes the place says it.
   */
  readonly replace?: 'start-first' | 'stop-first';
}

/** A membership that can be used, or why not. */
export type ReadMembers =
  | { readonly ok: true; readonly members: readonly CompositeMember[] }
  | { readonly ok: false; readonly error: MembersError };

/**
 * Checks a membership and copies it, so that a later change of it by whoever made it has no effect.
 *
 * @param self - what it would be the members of: it would wait for itself to start, and stop itself when that is undone.
 */
export const readMembers = (composite: string, value: unknown, self: unknown): ReadMembers => {
  if (!Array.isArray(value)) return refused(composite, [`members are ${received(value)} instead of an array`]);
  const given: readonly unknown[] = value;
  try {
    const read = given.map(readMember);
    const own = read.filter(({ member }) => member.runnable === self);
    const problems = [
      ...read.flatMap(({ problems }) => problems),
      ...repeated(read.map(({ member }) => member)),
      ...own.map(({ member }) => `${member.name} is ${composite} itself`),
    ];
    return problems.length > 0 ? refused(composite, problems) : { ok: true, members: read.map(({ member }) => member) };
  } catch (cause) {
    return { ok: false, error: new MembersError(composite, ['they cannot be read'], { cause }) };
  }
};

const refused = (composite: string, problems: readonly string[]): ReadMembers => ({
  ok: false,
  error: new MembersError(composite, problems),
});

type Reading = { readonly member: CompositeMember; readonly problems: readonly string[] };

const readMember = (value: unknown, index: number): Reading => {
  const given: Partial<CompositeMember> = typeof value === 'object' && value !== null ? value : {};
  const { name, runnable, config, restart, replace } = given;
  const called = typeof name === 'string' && name !== '' ? name : `member ${index + 1}`;
  const problems = [
    ...(called === name ? [] : [`${called} has no name`]),
    ...(typeof runnable === 'function' ? [] : missingParts(runnable).map((part) => `${called} has no ${part}`)),
    ...(restart === undefined || restartTypes.includes(restart)
      ? []
      : [`${called} has restart ${received(restart)} instead of ${restartTypes.join(', ')}`]),
    ...(replace === undefined || replacements.includes(replace)
      ? []
      : [`${called} has replace ${received(replace)} instead of ${replacements.join(' or ')}`]),
  ];
  return {
    problems,
    member: {
      name: called,
      // Only used when there are no problems, and one without a runnable is a problem.
      runnable: runnable ?? absent,
      ...(config === undefined ? {} : { config }),
      ...(restart === undefined ? {} : { restart }),
      ...(replace === undefined ? {} : { replace }),
    },
  };
};

const restartTypes: readonly string[] = ['permanent', 'transient', 'temporary'];
const replacements: readonly string[] = ['start-first', 'stop-first'];

const absent = (): never => {
  throw new TypeError('a member without a runnable');
};

const repeated = (members: readonly CompositeMember[]): readonly string[] => [
  ...members.filter(({ name }, index) => members.findIndex((other) => other.name === name) !== index).map(sameName),
  ...members.flatMap(({ name, runnable }, index) => {
    const first = members.findIndex((other) => other.runnable === runnable);
    const isTwice = first !== index && typeof runnable !== 'function' && runnable !== undefined;
    return isTwice ? [`${name} is the same runnable as ${members[first]?.name}`] : [];
  }),
];

const sameName = ({ name }: CompositeMember): string => `${name} is there twice`;
