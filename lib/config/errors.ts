import type { Issue } from './issue.ts';

/** How many issues the message shows; `issues` has all of them. */
const SHOWN = 3;

/**
 * A config that is not valid, for those who asked for it to be carried out and cannot be given an outcome.
 *
 * `issues` says what is wrong as data; the message names the first three.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  readonly issues: readonly Issue[];
  /** What to do about the first issue that says so, or what was expected where the first one is. */
  readonly hint: string;

  constructor(issues: readonly Issue[], options?: ErrorOptions) {
    const shown = issues.slice(0, SHOWN).map(describeIssue);
    const more = issues.length > SHOWN ? [`and ${issues.length - SHOWN} more`] : [];
    super(`the config is not valid: ${[...shown, ...more].join('; ')}`, options);
    this.issues = issues;
    this.hint = issues.find(({ hint }) => hint !== undefined)?.hint ?? `expected ${issues[0]?.expected ?? 'a config'}`;
  }
}

/** An issue as one line: `api.listen: an address is missing`. */
export const describeIssue = (issue: Issue): string => {
  const where = [issue.server, issue.path].filter((part) => part !== undefined && part !== '').join('.');
  return where === '' ? issue.message : `${where}: ${issue.message}`;
};

/** An option with a value that nothing can work with, or one that there is not; `option` names it. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'ERR_OPTIONS';
  readonly option: string;
  readonly hint: string;
  constructor(
    option: string,
    expected: string,
    message = `${option} must be ${expected}`,
    hint = expected === '' ? `look at where ${option} is given` : `expected ${expected}`,
  ) {
    super(message);
    this.option = option;
    this.hint = hint;
  }
}
