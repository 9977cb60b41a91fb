import type { BaseIssue } from 'valibot';
import type { Issue } from './issue.ts';
import { oneLine, received } from './received.ts';
import { readWording } from './wording.ts';

/** More issues than anybody reads at once: what is wrong with one server is cut there. */
const MOST_ISSUES = 32;

/** Words an issue from its parts; `text` is a packed wording. */
export const issueOf = (server: string | undefined, path: string, shown: string, text: string): Issue => {
  const { expected, message, hint } = readWording(text);
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
  for (const one of found) {
    const path = oneLine((one.path ?? []).map((item) => String(item.key)).join('.'));
    const issue = issueOf(server, path, received(one.input), one.message);
    issues.set(`${path}\n${issue.message}`, issue);
    if (issues.size === MOST_ISSUES) break;
  }
  return [...issues.values()];
};
