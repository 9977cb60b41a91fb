import type { Secret } from './secrets.ts';

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a text that is one variable and nothing else becomes when the value allows: `"${LIMIT}"` a number. */
export type Kind = 'number' | 'boolean' | 'text';

/** A variable that is missing, or something that looks like one and is not. */
export interface InterpolationFault {
  /** The keys that lead to the text. */
  readonly path: readonly string[];
  /** What would have been accepted. */
  readonly expected: string;
  /** The text as it was written. */
  readonly written: string;
  readonly message: string;
  readonly hint: string;
}

/** A text that was made with values of the environment, and the keys that lead to it. */
export interface InterpolatedText extends Omit<Secret, 'path'> {
  readonly path: readonly string[];
}

export interface Interpolated {
  /** The same data with variables replaced; where one could not be, an `UnsetVariable` stands. */
  readonly value: unknown;
  readonly faults: readonly InterpolationFault[];
  /** Texts that hold values of the environment. */
  readonly texts: readonly InterpolatedText[];
}

/** Stands where a variable could not be replaced. No data, so that nobody can take it for a value. */
export class UnsetVariable {}

/** Digits that a number holds exactly, and nobody writes by accident: no sign, no point, no exponent, no blank. */
const NUMBER = /^\d{1,15}$/;
const VARIABLE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-((?:(?!\$\{)[^}])*))?\}|\$\{/g;

/**
 * Puts variables into the texts of data: `${NAME}`, `${NAME:-default}`, and `$${` for `${` itself. Pure.
 *
 * Strict: a variable that is missing or empty and has no default is a fault, and so is every other `${`. A default
 * (which may be empty) stands for a variable that is missing or empty, as in a shell. Values only, never keys; values
 * that contain `${` are not looked at again. What holds no variable keeps its identity.
 *
 * @param kindAt - what is expected at a place. A text that is nothing but one variable becomes a number where one is
 *   expected and it stands for 1 to 15 digits, and a boolean where one is expected and it stands for `true` or `false`.
 */
export const interpolate = (
  value: unknown,
  env: Environment,
  kindAt: (path: readonly string[]) => Kind = () => 'text',
): Interpolated => {
  const faults: InterpolationFault[] = [];
  const texts: InterpolatedText[] = [];
  const path: string[] = [];
  const ancestors = new Set<object>();

  const replace = (written: string): unknown => {
    if (!written.includes('${')) return written;
    const values: Record<string, string> = Object.create(null);
    const wrong: InterpolationFault[] = [];
    const text = written.replace(VARIABLE, (found, name?: string, byDefault?: string) => {
      if (found === '$${') return '${';
      const given = name !== undefined && Object.hasOwn(env, name) ? env[name] : undefined;
      if (name === undefined) wrong.push({ path: [...path], written, ...NO_VARIABLE });
      else if (given !== undefined && given !== '') values[name] = given;
      else if (byDefault === undefined) wrong.push({ path: [...path], written, ...missing(name, given) });
      return given || (byDefault ?? '');
    });
    if (wrong.length > 0) {
      faults.push(...wrong);
      return new UnsetVariable();
    }
    if (Object.keys(values).length > 0) texts.push({ path: [...path], written, values });
    return isOneVariable(written) ? converted(text, kindAt(path)) : text;
  };

  const walk = (from: unknown): unknown => {
    if (typeof from === 'string') return replace(from);
    // What contains itself is refused when it is read.
    if (typeof from !== 'object' || from === null || ancestors.has(from)) return from;
    ancestors.add(from);
    const members = Object.entries(from).map(([key, member]: [string, unknown]) => {
      path.push(key);
      const made = walk(member);
      path.pop();
      return [key, made, made !== member] as const;
    });
    ancestors.delete(from);
    if (!members.some(([, , changed]) => changed)) return from;
    if (Array.isArray(from)) return members.map(([, made]) => made);
    // Not by assignment: the key `__proto__` must stay a key, to be refused as one.
    return Object.fromEntries(members.map(([key, made]) => [key, made]));
  };

  return { value: walk(value), faults, texts };
};

const isOneVariable = (written: string): boolean => /^\$\{[^{}]*\}$/.test(written);

const converted = (text: string, kind: Kind): unknown => {
  if (kind === 'number' && NUMBER.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};

const SYNTAX = `\${NAME} or \${NAME:-default}`;

const NO_VARIABLE = {
  expected: SYNTAX,
  message: 'this is no variable of the environment',
  hint: `write ${SYNTAX}, or $\${ for a text that contains \${`,
};

const missing = (name: string, given: string | undefined): Omit<InterpolationFault, 'path' | 'written'> => ({
  expected: `the variable ${name} in the environment`,
  message: `the variable ${name} is ${given === undefined ? 'not set' : 'empty'}`,
  hint: `set it, or write \${${name}:-…} with what stands for it`,
});
