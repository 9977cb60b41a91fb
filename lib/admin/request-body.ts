import { type ParsedFile, parseConfigFile } from '../config/parse-file.ts';
import { isPlainObject } from '../config/plain-data.ts';
import { restoreMarks } from '../config/secrets.ts';
import { ControlError } from './errors.ts';

/** Bytes of a body; the same a configuration file may have. */
export const MOST_BODY_BYTES = 1_048_576;

const DEEPEST = 64;

/** Keys that objects take for their own machinery. */
const TREACHEROUS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The JSON of a request; `undefined` when there is no body.
 *
 * @throws ControlError for another content type (a form of a web page could send it), for what is no JSON, for what is
 *   nested too deep, and for keys that would be a prototype.
 */
export const readJson = async (request: Request): Promise<unknown> => {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new ControlError(415, 'ERR_CONTENT_TYPE', 'only JSON is read here', 'send content-type: application/json');
  }
  const text = await request.text();
  if (text.trim() === '') return undefined;
  if (depthOf(text) > DEEPEST) throw unreadable(`it is nested deeper than ${DEEPEST} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text, (key, member: unknown) => {
      if (TREACHEROUS.has(key)) throw unreadable(`it has a key ${JSON.stringify(key)}`);
      return member;
    });
  } catch (cause) {
    throw cause instanceof ControlError ? cause : unreadable(cause instanceof Error ? cause.message : String(cause));
  }
  return value;
};

const unreadable = (why: string): ControlError =>
  new ControlError(400, 'ERR_CONTROL_BODY', `the body cannot be read: ${why}`, 'send one JSON value');

/** How deep brackets nest outside texts: read before parsing, which recurses. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inText) {
      if (char === '\\') index += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
};

/**
 * The config a request brings, read as a configuration file is. Beside it may stand `secrets`: what its servers must not
 * show, because it came from the environment of whoever sends it.
 *
 * @param inWorkers - its servers are to run in workers: names may stand for code.
 * @throws ControlError as `readJson` does
 */
export const readConfig = async (request: Request, inWorkers: boolean): Promise<ParsedFile> => {
  const value = await readJson(request);
  if (value === undefined) throw unreadable('it is empty');
  if (!isPlainObject(value)) return parseConfigFile(value, inWorkers);
  const { secrets, ...file } = value;
  restoreMarks(file.servers, secrets);
  return parseConfigFile(file, inWorkers);
};

/** The ids in `{ "servers": [...] }`; `undefined` when there are none named. @throws ControlError as `readJson` does */
export const readIds = async (request: Request): Promise<readonly string[] | undefined> => {
  const value = await readJson(request);
  if (value === undefined) return undefined;
  const servers: unknown =
    typeof value === 'object' && value !== null && 'servers' in value ? value.servers : undefined;
  if (!Array.isArray(servers) || !servers.every((id) => typeof id === 'string')) {
    throw unreadable('it does not name servers');
  }
  return servers;
};
