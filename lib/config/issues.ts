import type { BaseIssue } from 'valibot';
import { durationHint } from './duration-hint.ts';
import type { Issue } from './issue.ts';
import { oneLine } from './received.ts';
import { receivedAt } from './received-at.ts';
import { readWording, UNKNOWN_KEY, type Wording } from './wording.ts';

/** More issues than anybody reads at once: what is wrong with one server is cut there. */
const MOST_ISSUES = 32;

/** Words an issue from its parts; `text` is a packed wording. */
export const issueOf = (server: string | undefined, path: string, shown: string, text: string): Issue =>
  issueFrom(server, path, shown, readWording(text));

const issueFrom = (
  server: string | undefined,
  path: string,
  shown: string,
  { expected, message, hint }: Wording,
): Issue => {
  return {
    ...(server === undefined ? {} : { server }),
    path,
    expected,
    received: shown,
    message: message ?? `must be ${expected}, not ${shown}`,
    ...(hint === undefined ? {} : { hint }),
  };
};

/**
 * Turns what Valibot found into issues. Several rules may have stumbled over the same value in the same words: they
 * become one issue.
 */
export const issuesOf = (server: string | undefined, found: readonly BaseIssue<unknown>[]): readonly Issue[] => {
  const issues = new Map<string, Issue>();
  // A misspelled key is why another one is missing: the cause comes first.
  for (const one of found.toSorted((a, b) => Number(isMisspelled(b)) - Number(isMisspelled(a)))) {
    const keys = (one.path ?? []).map((item) => String(item.key));
    const path = oneLine(keys.join('.'));
    const hint = durationHint(keys.at(-1), one.input);
    const text = { ...(hint === undefined ? {} : { hint }), ...readWording(one.message) };
    const issue = issueFrom(
      server,
      path,
      receivedAt(keys, one.input),
      isMissing(one) ? { message: 'is missing', ...text } : text,
    );
    issues.set(`${path}\n${issue.message}`, issue);
    if (issues.size === MOST_ISSUES) break;
  }
  return [...issues.values()];
};

const isMisspelled = (one: BaseIssue<unknown>): boolean => {
  const { message, hint } = readWording(one.message);
  return message === UNKNOWN_KEY && hint !== undefined;
};

/** Members that are `undefined` were left out when the config was copied: what a record lacks is missing. */
const isMissing = (one: BaseIssue<unknown>): boolean => one.input === undefined && one.path?.at(-1)?.type === 'object';
