import type { DataText } from '../config/data-text.ts';
import { parseConfigFile } from '../config/parse.ts';
import { type Located, problemOf, problemOfIssue } from './problem.ts';
import type { FailedEvent, Problem, SourceEvent } from './source.ts';

/** An event with everything that is wrong. */
export const failed = (file: string, ...problems: readonly [Problem, ...Problem[]]): FailedEvent => ({
  type: 'failed',
  file,
  problems,
});

/** What a text that was parsed as data says. */
export const readData = (path: string, text: string, data: DataText): SourceEvent => {
  if (data.ok) return readConfig(path, data.value, { text, place: data.place });
  const [first, ...rest] = data.faults;
  return failed(path, problemOf(path, first, text), ...rest.map((fault) => problemOf(path, fault, text)));
};

/** What a value says as the content of a config file. Never throws. */
export const readConfig = (path: string, value: unknown, data?: Located): SourceEvent => {
  const parsed = parseConfigFile(value);
  const problems = parsed.issues.map((issue) => problemOfIssue(path, issue, data)).sort(fromTopToBottom);
  if (parsed.ok) {
    const { servers, commit, strategy } = parsed;
    return {
      type: 'loaded',
      file: path,
      servers,
      ...(commit === undefined ? {} : { commit }),
      ...(strategy === undefined ? {} : { strategy }),
      problems,
    };
  }
  const [first, ...rest] = problems;
  if (first === undefined) throw new TypeError('a config was refused without an issue');
  return failed(path, first, ...rest);
};

/** By position; problems without one keep their order. */
const fromTopToBottom = (a: Problem, b: Problem): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
