import type { DataText } from '../config/data-text.ts';
import { type Environment, type Interpolated, interpolate } from '../config/interpolate.ts';
import type { Issue } from '../config/issue.ts';
import { kindAt } from '../config/kind-at.ts';
import { parseConfigFile } from '../config/parse-file.ts';
import { isPlainObject } from '../config/plain-data.ts';
import { received } from '../config/received.ts';
import { keepSecrets, redactIssue, type Secret } from '../config/secrets.ts';
import { type Located, problemOf, problemOfIssue } from './problem.ts';
import type { FailedEvent, Problem, SourceEvent } from './source.ts';

/** An event with everything that is wrong. */
export const failed = (file: string, ...problems: readonly [Problem, ...Problem[]]): FailedEvent => ({
  type: 'failed',
  file,
  problems,
});

/** How the content of a config file is read. */
export interface Reading {
  /** What `${NAME}` in the values of data stands for; without it they are ordinary texts. */
  readonly env?: Environment | undefined;
  /** It is for workers, even when it does not ask for them itself: see `parseConfigFile`. */
  readonly inWorkers?: boolean | undefined;
}

/** What a text that was parsed as data says. */
export const readData = (file: string, text: string, data: DataText, { env, inWorkers }: Reading = {}): SourceEvent => {
  if (data.ok) {
    const interpolated = env === undefined ? undefined : interpolate(data.value, env, kindAt);
    const located = { text, place: data.place };
    return readValue(file, interpolated ?? { ...NOTHING_FILLED_IN, value: data.value }, located, inWorkers);
  }
  const [first, ...rest] = data.faults;
  return failed(file, problemOf(file, first, text), ...rest.map((fault) => problemOf(file, fault, text)));
};

/** What a value says as the content of a config file. Never throws. */
export const readConfig = (file: string, value: unknown, inWorkers = false): SourceEvent =>
  readValue(file, { ...NOTHING_FILLED_IN, value }, undefined, inWorkers);

const NOTHING_FILLED_IN = { faults: [], texts: [] };

const readValue = (
  file: string,
  { value, faults, texts }: Interpolated,
  data: Located | undefined,
  inWorkers: boolean | undefined,
): SourceEvent => {
  const secrets = secretsBy(texts);
  const servers = isPlainObject(value) && isPlainObject(value.servers) ? value.servers : {};
  for (const [id, own] of secrets) {
    const server = id === undefined ? undefined : servers[id];
    if (typeof server === 'object' && server !== null) keepSecrets(server, own);
  }
  const parsed = parseConfigFile(value, inWorkers);
  const unset = faults.map(({ path, expected, written, message, hint }): Issue => {
    const place = placeOf(path);
    return { ...place, expected, received: received(written), message, hint };
  });
  // What is missing is why there is something wrong with a server: the cause, and not what follows from it.
  const caused = new Set(unset.map(({ server }) => server));
  const problems = [
    ...unset.map((issue) => problemOfIssue(file, issue, data, 'ERR_SOURCE_ENV')),
    ...parsed.issues
      .filter(({ server }) => !caused.has(server))
      .map((issue) => problemOfIssue(file, redactIssue(issue, secrets.get(issue.server) ?? []), data)),
  ].sort(fromTopToBottom);
  if (parsed.ok) {
    const { servers, commit, strategy, workers } = parsed;
    return {
      type: 'loaded',
      file,
      servers,
      ...(commit === undefined ? {} : { commit }),
      ...(strategy === undefined ? {} : { strategy }),
      ...(workers === undefined ? {} : { workers }),
      problems,
    };
  }
  const [first, ...rest] = problems;
  if (first === undefined) throw new TypeError('a config was refused without an issue');
  return failed(file, first, ...rest);
};

/** The texts that hold values of the environment, by the server they are in; `undefined` for the rest of the file. */
const secretsBy = (texts: Interpolated['texts']): ReadonlyMap<string | undefined, readonly Secret[]> => {
  const byServer = new Map<string | undefined, Secret[]>();
  for (const { path, written, values } of texts) {
    const place = placeOf(path);
    byServer.set(place.server, [...(byServer.get(place.server) ?? []), { path: place.path, written, values }]);
  }
  return byServer;
};

const placeOf = (path: readonly string[]): { readonly server?: string; readonly path: string } => {
  const [first, server, ...rest] = path;
  return first === 'servers' && server !== undefined ? { server, path: rest.join('.') } : { path: path.join('.') };
};

/** By position; problems without one keep their order. */
const fromTopToBottom = (a: Problem, b: Problem): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
