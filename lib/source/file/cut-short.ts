import { parseJson } from '../../config/json-text.ts';
import { formatOf } from '../format.ts';
import { parseYaml } from '../yaml/yaml.ts';
import { decode } from './decode.ts';
import type { FileRead } from './read.ts';

/**
 * Whether this may be the beginning of a file that is still being written: nothing yet, or data that cannot be parsed
 * because of its end. A module that stops short is not recognised unless it is empty. Pure.
 *
 * @param path - says how it is read.
 */
export const isCutShort = (path: string, read: FileRead): boolean => {
  if (!read.ok) return false;
  const decoded = decode(read.bytes);
  if (!decoded.ok) return decoded.fault.code === 'ERR_SOURCE_EMPTY';
  const { text } = decoded;
  const format = formatOf(path);
  if (format !== 'json' && format !== 'yaml') return false;
  const data = format === 'json' ? parseJson(text) : parseYaml(text);
  // Positions are where the parser gave up, for a quote that stays open where it opens.
  return !data.ok && data.faults.some(({ at, message }) => ENDS.test(message) || (at ?? 0) >= text.trimEnd().length);
};

/** How the two parsers say that they ran out of text. */
const ENDS = /^(?:the file ends |missing closing )/;
