import { readProgramText } from './program-text.ts';

/** A marker, blank lines if any, and the code block that belongs to it. */
const block = /^<!-- from ([^\s#]+)(?:#(\S+))? -->\n+(`{3,})(.*)\n((?:(?!\3).*\n)*)\3$/gm;
const marker = /^<!-- from .*$/gm;

/**
 * Fills every code block below a `<!-- from path#part -->` with that part of the file; all other text stays.
 *
 * Without `#part` it is the whole file, `#prints` is what the file promises to print, and any other part is what stands
 * between `// #region part` and `// #endregion`, moved to the left margin.
 *
 * @param read - the text of a file, by the path in the marker.
 * @throws Error when a marker has no code block, or names a part that its file does not have.
 */
export const liftBlocks = (markdown: string, read: (path: string) => string): string => {
  let filled = 0;
  const result = markdown.replace(block, (_, path: string, part: string | undefined, fence: string, info: string) => {
    filled += 1;
    const name = part === undefined ? path : `${path}#${part}`;
    return `<!-- from ${name} -->\n${fence}${info}\n${liftPart(read(path), part, name)}\n${fence}`;
  });
  const markers = markdown.match(marker) ?? [];
  if (markers.length !== filled) {
    throw new Error(`${markers.length} markers but ${filled} code blocks below one, among ${markers.join(', ')}`);
  }
  return result;
};

const liftPart = (text: string, part: string | undefined, name: string): string => {
  const { code, prints } = readProgramText(text);
  if (part === 'prints') {
    if (prints === undefined) throw new Error(`${name}: the file does not say what it prints`);
    return prints.join('\n');
  }
  return part === undefined ? toMargin(code) : liftRegion(code, part, name);
};

const liftRegion = (code: string, part: string, name: string): string => {
  const lines = code.split('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${part}`);
  if (start === -1) throw new Error(`${name}: there is no such region`);
  const length = lines.slice(start + 1).findIndex((line) => line.trim().startsWith('// #endregion'));
  if (length === -1) throw new Error(`${name}: the region has no end`);
  return toMargin(lines.slice(start + 1, start + 1 + length).join('\n'));
};

/** Drops the marks of regions and the indentation that all lines share. */
const toMargin = (code: string): string => {
  const lines = code.split('\n').filter((line) => !/^\s*\/\/ #(end)?region\b/.test(line));
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const margin = Math.min(...indents);
  return lines
    .map((line) => line.slice(margin))
    .join('\n')
    .replace(/^\n+|\s+$/g, '');
};
